/**
 * A build's state machine: `TABLE` says which rule each event has in each status, `decide` applies it. Nothing else in the
 * product assigns a status. Time is an argument.
 */
import type { Build, BuildStatus } from "./build.ts";
import type { BuildEvent, EventKind } from "./events.ts";
import {
  alreadyRunning,
  amend,
  breakClaim,
  cancelCanceling,
  canceled,
  cancelNow,
  cancelRunning,
  cancelWithRunner,
  claim,
  confirmClaim,
  enqueue,
  erase,
  fail,
  failed,
  goSilent,
  ifBound,
  loseBoundRunner,
  loseClaim,
  loseRunner,
  missDependency,
  notClaimable,
  notErasable,
  notRetryable,
  notRunning,
  refused,
  release,
  repeatReport,
  reportCanceled,
  resetTrace,
  retry,
  same,
  succeed,
  surviveOutage,
  touch,
} from "./rules.ts";
import type { AnyRule, Rule, Verdict } from "./rules.ts";

/** What every status that waits for nothing has in common. */
const resting = {
  enqueue: same,
  claim: notClaimable,
  break_claim: same,
  release: same,
  confirm: notRunning,
  prepare: notRunning,
  keep_alive: notRunning,
  succeed: notRunning,
  fail: notRunning,
  reset_trace: notRunning,
  cancel: same,
  miss_dependency: same,
  lose_claim: same,
  go_silent: same,
  time_out: same,
  expire_pending: same,
  expire_canceling: same,
  survive_outage: same,
  amend,
  lose_runner: same,
  overflow_trace: notRunning,
  erase: notErasable,
  retry: notRetryable,
} as const;

const finished = { ...resting, succeed: repeatReport, fail: repeatReport, erase, retry } as const;

/** Status × event → rule. A missing pair does not compile. */
export const TABLE = {
  created: { ...resting, enqueue, cancel: cancelNow },
  pending: {
    ...resting,
    claim,
    break_claim: breakClaim,
    release,
    confirm: ifBound(confirmClaim),
    prepare: ifBound(touch),
    keep_alive: ifBound(touch),
    succeed: ifBound(succeed),
    fail: ifBound(fail),
    reset_trace: ifBound(resetTrace),
    cancel: cancelNow,
    miss_dependency: missDependency,
    lose_claim: loseClaim,
    expire_pending: failed("stuck_or_timeout_failure", "no runner took it in time"),
    survive_outage: surviveOutage,
    lose_runner: loseBoundRunner,
  },
  running: {
    ...resting,
    release,
    confirm: touch,
    prepare: alreadyRunning,
    keep_alive: touch,
    succeed,
    fail,
    reset_trace: resetTrace,
    cancel: cancelRunning,
    lose_claim: loseClaim,
    go_silent: goSilent,
    time_out: failed("job_execution_timeout", "it ran past its timeout"),
    survive_outage: surviveOutage,
    lose_runner: loseRunner,
    overflow_trace: (build, event, nowMs) =>
      failed("trace_size_exceeded", `cut at MAX_TRACE_BYTES, ${event.limitBytes} bytes`)(build, event, nowMs),
  },
  canceling: {
    ...resting,
    confirm: touch,
    prepare: alreadyRunning,
    keep_alive: touch,
    succeed: reportCanceled,
    fail: reportCanceled,
    reset_trace: resetTrace,
    cancel: cancelCanceling,
    go_silent: canceled("canceled, and the runner was not heard of again"),
    time_out: canceled("canceled, and the runner ran past the timeout"),
    expire_canceling: canceled("canceled, and the runner did not confirm it in time"),
    survive_outage: surviveOutage,
    lose_runner: cancelWithRunner,
    overflow_trace: (build, event, nowMs) =>
      canceled(`canceled, and cut at MAX_TRACE_BYTES, ${event.limitBytes} bytes`)(build, event, nowMs),
  },
  success: finished,
  failed: finished,
  canceled: finished,
  skipped: resting,
  manual: { ...resting, enqueue, cancel: cancelNow },
} as const satisfies Record<BuildStatus, { readonly [K in EventKind]: Rule<K> }>;

const RUNNER_EVENTS: ReadonlySet<EventKind> = new Set([
  "confirm",
  "prepare",
  "keep_alive",
  "succeed",
  "fail",
  "reset_trace",
  "overflow_trace",
]);

/** What `event` makes of `build` at `nowMs`. Pure: the caller stores the new build and owes `tell` in one transaction. */
export const decide = (build: Build, event: BuildEvent, nowMs: number): Verdict => {
  if (build.erasedAtMs !== null && RUNNER_EVENTS.has(event.kind))
    return refused({ reason: "erased", status: build.status });
  // TypeScript can't follow that row and event have the same key; the table's type has checked each cell.
  const rule = TABLE[build.status][event.kind] as AnyRule;
  return rule(build, event, nowMs);
};
