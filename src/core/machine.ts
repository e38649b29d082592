/**
 * A build's state machine: `TABLE` says what each event does in each status, `decide` applies it.
 * Nothing else in the product assigns a status. Time is an argument.
 */
import type { Build, BuildStatus, FailureReason, RunnerRef } from "./build.ts";
import type { Refusal } from "./refusal.ts";

/** So many answers that never reached a runner make the payload itself suspect. */
export const MAX_LOST_CLAIMS = 3;

/** The history is part of the build's row, which has its limit; artifacts can be stored and kept any number of times. */
export const MOST_HISTORY = 500;

export type BuildEvent =
  | { readonly kind: "enqueue" }
  /** The queue hands the build to a runner. `twoPhase`: the runner confirms with `confirm` before the build runs. */
  | { readonly kind: "claim"; readonly revision: number; readonly runner: RunnerRef; readonly twoPhase: boolean }
  /** The build could not be made ready for the runner that claims it. */
  | { readonly kind: "break_claim"; readonly runnerId: number; readonly error: string }
  /** The queue takes back a claim whose answer it did not send. */
  | { readonly kind: "release"; readonly attempt: number }
  /** The runner says that it runs. */
  | { readonly kind: "confirm" }
  /** A runner of two phases makes ready for the build that it is bound to. */
  | { readonly kind: "prepare" }
  /** Any other sign of life by report. */
  | { readonly kind: "keep_alive" }
  /** The runner's final report; `traceVerified` as in `Build`. */
  | { readonly kind: "succeed"; readonly traceVerified?: boolean | null }
  | {
      readonly kind: "fail";
      readonly reason: FailureReason;
      readonly exitCode: number | null;
      readonly traceVerified?: boolean | null;
    }
  /** The stored trace is not what the runner sent: it is dropped, and the runner told to send it anew. */
  | { readonly kind: "reset_trace" }
  | { readonly kind: "cancel"; readonly by: string; readonly force: boolean }
  /** Deadlines: see deadlines.ts. */
  | { readonly kind: "lose_claim" }
  | { readonly kind: "go_silent" }
  | { readonly kind: "time_out" }
  | { readonly kind: "expire_pending" }
  | { readonly kind: "expire_canceling" }
  /** The system itself was away: no deadline ends the build before `untilMs`. */
  | { readonly kind: "survive_outage"; readonly untilMs: number }
  /** Something that the status doesn't depend on: artifacts stored, kept, deleted. */
  | { readonly kind: "amend"; readonly what: string }
  /** The runner was deleted, or with `managerId` that machine of it. */
  | { readonly kind: "lose_runner"; readonly runnerId: number; readonly managerId: number | null }
  | { readonly kind: "overflow_trace"; readonly limitBytes: number }
  | { readonly kind: "erase"; readonly by: string; readonly hasContent: boolean }
  | { readonly kind: "retry"; readonly newId: number };

export type EventKind = BuildEvent["kind"];
export type EventOf<K extends EventKind> = Extract<BuildEvent, { kind: K }>;

/** Who must hear of a change: whoever did not make it himself. */
export type Audience = "project" | "queue" | "queue and project";

export type Verdict =
  | { readonly kind: "changed"; readonly build: Build; readonly tell: Audience }
  /** Only the last contact moved: nobody needs to hear of it. */
  | { readonly kind: "touched"; readonly build: Build }
  | { readonly kind: "same" }
  | { readonly kind: "refused"; readonly refusal: Refusal };

type Rule<K extends EventKind> = (build: Build, event: EventOf<K>, nowMs: number) => Verdict;
type AnyRule = (build: Build, event: BuildEvent, nowMs: number) => Verdict;

const changed = (
  before: Build,
  change: Partial<Build>,
  event: BuildEvent,
  nowMs: number,
  detail: string | null = null,
  tell: Audience = "queue and project",
): Verdict => {
  const status = change.status ?? before.status;
  const entry = { atMs: nowMs, event: event.kind, status, detail };
  const history = [...before.history.slice(1 - MOST_HISTORY), entry];
  const build = { ...before, ...change, revision: before.revision + 1, history };
  return { kind: "changed", build, tell };
};

const refused = (refusal: Refusal): Verdict => ({ kind: "refused", refusal });

const same: AnyRule = () => ({ kind: "same" });
const touch: AnyRule = (build, _event, nowMs) => ({ kind: "touched", build: { ...build, lastContactAtMs: nowMs } });
const notRunning: AnyRule = (build) => refused({ reason: "not_running", status: build.status });
const notRetryable: AnyRule = () => refused({ reason: "not_retryable", retriedAs: null });
const notErasable: AnyRule = () => refused({ reason: "not_erasable" });
const notClaimable: AnyRule = (build) =>
  refused({ reason: "not_claimable", revision: build.revision, status: build.status });

const enqueue: Rule<"enqueue"> = (build, event, nowMs) =>
  changed(build, { status: "pending", queuedAtMs: nowMs }, event, nowMs);

const claim: Rule<"claim"> = (build, event, nowMs) => {
  if (build.claim !== null || build.revision !== event.revision) return notClaimable(build, event, nowMs);
  const taken = {
    attempt: build.attempt + 1,
    claim: { runner: event.runner, atMs: nowMs },
    avoidRunnerId: null,
    lastContactAtMs: null,
    traceResets: 0,
  };
  const change = event.twoPhase ? taken : { ...taken, status: "running" as const, startedAtMs: nowMs };
  return changed(build, change, event, nowMs, `claimed by runner ${event.runner.id}`, "project");
};

/** The attempt is over before it began: its token is worth nothing from here on. */
const requeued = { status: "pending", claim: null, startedAtMs: null, lastContactAtMs: null } as const;

const release: Rule<"release"> = (build, event, nowMs) =>
  build.claim === null || build.attempt !== event.attempt || build.lastContactAtMs !== null
    ? { kind: "same" }
    : changed(build, { ...requeued, queuedAtMs: nowMs }, event, nowMs, "the claim was taken back unanswered");

const confirmClaim: Rule<"confirm"> = (build, event, nowMs) =>
  changed(
    build,
    { status: "running", startedAtMs: nowMs, lastContactAtMs: nowMs },
    event,
    nowMs,
    `confirmed by runner ${build.claim?.runner.id}`,
    "project",
  );

const alreadyRunning: AnyRule = (build) => refused({ reason: "already_running", status: build.status });

const loseClaim: AnyRule = (build, event, nowMs) => {
  const silent = build.status === "pending" || build.lastContactAtMs === null;
  if (build.claim === null || !silent) return { kind: "same" };
  const { id } = build.claim.runner;
  return countLost(build, event, nowMs, `runner ${id} gave no sign of life after its claim`, {
    change: { ...requeued, queuedAtMs: nowMs, avoidRunnerId: id },
    tell: "queue and project",
  });
};

/** The queue isn't told: it asks a little later, so that the build stands aside and isn't tried again in the same poll. */
const breakClaim: Rule<"break_claim"> = (build, event, nowMs) =>
  build.claim === null
    ? countLost(build, event, nowMs, `its claim by runner ${event.runnerId} broke off: ${event.error}`, {
        change: {},
        tell: "project",
      })
    : { kind: "same" };

const countLost = (
  build: Build,
  event: BuildEvent,
  nowMs: number,
  why: string,
  again: { readonly change: Partial<Build>; readonly tell: Audience },
): Verdict => {
  const lostClaims = build.lostClaims + 1;
  if (lostClaims < MAX_LOST_CLAIMS)
    return changed(build, { ...again.change, lostClaims }, event, nowMs, why, again.tell);
  const detail = `${why}, the ${lostClaims}rd time: no runner gets along with this build`;
  return failed("scheduler_failure", detail, { lostClaims })(build, event, nowMs);
};

const ended = (
  status: "success" | "failed" | "canceled",
  change: Partial<Build>,
  detail: string | null = null,
): AnyRule => {
  return (build, event, nowMs) =>
    changed(build, { ...change, status, finishedAtMs: nowMs, cancelingSinceMs: null }, event, nowMs, detail);
};

const failed = (failureReason: FailureReason, detail: string | null, change: Partial<Build> = {}): AnyRule =>
  ended("failed", { ...change, failureReason }, detail);

const canceled = ended("canceled", {});

const aboutTrace = (traceVerified: boolean | null): string | null =>
  traceVerified === false ? "its trace is not what the runner reported" : null;

const succeed: Rule<"succeed"> = (build, event, nowMs) => {
  const { traceVerified = null } = event;
  return ended("success", { reported: "success", traceVerified }, aboutTrace(traceVerified))(build, event, nowMs);
};

const fail: Rule<"fail"> = (build, event, nowMs) => {
  const { reason, exitCode, traceVerified = null } = event;
  const change = { reported: "failed", exitCode, traceVerified } as const;
  return failed(reason, aboutTrace(traceVerified), change)(build, event, nowMs);
};

/** A runner may end a build before it has said that it runs: what it can't run, and what began while we were away. */
const ifBound =
  <E extends BuildEvent>(rule: (build: Build, event: E, nowMs: number) => Verdict) =>
  (build: Build, event: E, nowMs: number): Verdict =>
    build.claim === null ? notRunning(build, event, nowMs) : rule(build, event, nowMs);

const resetTrace: AnyRule = (build, event, nowMs) => {
  const change = { traceResets: build.traceResets + 1, lastContactAtMs: nowMs };
  return changed(build, change, event, nowMs, "its trace was not what the runner reported: sent anew", "project");
};

const cancelNow: Rule<"cancel"> = (build, event, nowMs) =>
  ended("canceled", {}, `canceled by ${event.by}`)(build, event, nowMs);

/** A runner that can runs its after_script first; whatever it reports then, the build ends as canceled. */
const cancelRunning: Rule<"cancel"> = (build, event, nowMs) =>
  build.claim?.runner.cancelGracefully === true && !event.force
    ? changed(
        build,
        { status: "canceling", cancelingSinceMs: nowMs },
        event,
        nowMs,
        `canceled by ${event.by}, the runner winds down`,
        "project",
      )
    : cancelNow(build, event, nowMs);

const cancelCanceling: Rule<"cancel"> = (build, event, nowMs) =>
  event.force ? cancelNow(build, event, nowMs) : { kind: "same" };

const reportCanceled = (build: Build, event: EventOf<"succeed"> | EventOf<"fail">, nowMs: number): Verdict => {
  const { kind, traceVerified = null } = event;
  const change = { reported: kind === "succeed" ? "success" : "failed", traceVerified } as const;
  return ended("canceled", change, aboutTrace(traceVerified))(build, event, nowMs);
};

const goSilent: AnyRule = (build, event, nowMs) => {
  const last = build.lastContactAtMs;
  const since = last === null ? "since its claim" : `since ${new Date(last).toISOString()}`;
  return failed("runner_system_failure", `no contact with the runner ${since}`)(build, event, nowMs);
};

const isHeldByLost = ({ claim }: Build, { runnerId, managerId }: EventOf<"lose_runner">): boolean =>
  claim?.runner.id === runnerId && (managerId === null || claim.runner.manager?.id === managerId);

const loseRunner: Rule<"lose_runner"> = (build, event, nowMs) =>
  isHeldByLost(build, event)
    ? failed("runner_system_failure", "its runner was removed")(build, event, nowMs)
    : { kind: "same" };

const loseBoundRunner: Rule<"lose_runner"> = (build, event, nowMs) =>
  isHeldByLost(build, event)
    ? changed(build, { ...requeued, queuedAtMs: nowMs }, event, nowMs, "its runner was removed")
    : { kind: "same" };

const cancelWithRunner: Rule<"lose_runner"> = (build, event, nowMs) =>
  isHeldByLost(build, event) ? canceled(build, event, nowMs) : { kind: "same" };

const surviveOutage: Rule<"survive_outage"> = (build, event, nowMs) =>
  changed(
    build,
    { graceUntilMs: event.untilMs },
    event,
    nowMs,
    "the coordinator was away: deadlines wait for the runner",
  );

const amend: Rule<"amend"> = (build, event, nowMs) => changed(build, {}, event, nowMs, event.what, "project");

/** Runners repeat a final report whose answer they missed. */
const repeatReport: AnyRule = (build, event, nowMs) =>
  build.reported === (event.kind === "succeed" ? "success" : "failed")
    ? { kind: "same" }
    : notRunning(build, event, nowMs);

const erase: Rule<"erase"> = (build, event, nowMs) =>
  build.erasedAtMs !== null || !event.hasContent
    ? notErasable(build, event, nowMs)
    : changed(build, { erasedAtMs: nowMs }, event, nowMs, `erased by ${event.by}`, "project");

const retry: Rule<"retry"> = (build, event, nowMs) =>
  build.retriedAs !== null
    ? refused({ reason: "not_retryable", retriedAs: build.retriedAs })
    : changed(build, { retriedAs: event.newId }, event, nowMs, `retried as ${event.newId}`, "project");

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
      failed("trace_size_exceeded", `its trace passed ${event.limitBytes} bytes`)(build, event, nowMs),
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
    go_silent: canceled,
    time_out: canceled,
    expire_canceling: canceled,
    survive_outage: surviveOutage,
    lose_runner: cancelWithRunner,
    overflow_trace: canceled,
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
