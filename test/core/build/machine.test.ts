import { describe, expect, it } from "vitest";
import { BUILD_STATUSES } from "../../../src/core/build/build.ts";
import type { Build } from "../../../src/core/build/build.ts";
import { decide, TABLE } from "../../../src/core/build/machine.ts";
import { MAX_LOST_CLAIMS, MAX_HISTORY } from "../../../src/core/build/rules.ts";
import type { BuildEvent, EventKind } from "../../../src/core/build/events.ts";
import type { Verdict } from "../../../src/core/build/rules.ts";
import { after, BUILDS, CANCEL, claimOf, FAIL, runnerRef, T0 } from "../../tools/objects/builds.ts";
import type { Stage } from "../../tools/objects/builds.ts";

/**
 * The whole product. A status: changed to it; `touched`: only the last contact moved; `same`: nothing; `!reason`: refused.
 * `bound` is a pending build that a two-phase runner has claimed.
 */
const PRODUCT = `
  event            | created      | pending        | bound          | running      | canceling    | success        | failed         | canceled       | skipped        | manual
  enqueue          | pending      | same           | same           | same         | same         | same           | same           | same           | same           | pending
  claim            | !not_claimable | running      | !not_claimable | !not_claimable | !not_claimable | !not_claimable | !not_claimable | !not_claimable | !not_claimable | !not_claimable
  break_claim      | same         | pending        | same           | same         | same         | same           | same           | same           | same           | same
  release          | same         | same           | pending        | pending      | same         | same           | same           | same           | same           | same
  confirm          | !not_running | !not_running   | running        | touched      | touched      | !not_running   | !not_running   | !not_running   | !not_running   | !not_running
  prepare          | !not_running | !not_running   | touched        | !already_running | !already_running | !not_running | !not_running | !not_running | !not_running | !not_running
  keep_alive       | !not_running | !not_running   | touched        | touched      | touched      | !not_running   | !not_running   | !not_running   | !not_running   | !not_running
  succeed          | !not_running | !not_running   | success        | success      | canceled     | same           | !not_running   | !not_running   | !not_running   | !not_running
  fail             | !not_running | !not_running   | failed         | failed       | canceled     | !not_running   | same           | !not_running   | !not_running   | !not_running
  reset_trace      | !not_running | !not_running   | pending        | running      | canceling    | !not_running   | !not_running   | !not_running   | !not_running   | !not_running
  cancel           | canceled     | canceled       | canceled       | canceling    | same         | same           | same           | same           | same           | canceled
  miss_dependency  | same         | failed         | same           | same         | same         | same           | same           | same           | same           | same
  lose_claim       | same         | same           | pending        | pending      | same         | same           | same           | same           | same           | same
  go_silent        | same         | same           | same           | failed       | canceled     | same           | same           | same           | same           | same
  time_out         | same         | same           | same           | failed       | canceled     | same           | same           | same           | same           | same
  expire_pending   | same         | failed         | failed         | same         | same         | same           | same           | same           | same           | same
  expire_canceling | same         | same           | same           | same         | canceled     | same           | same           | same           | same           | same
  survive_outage   | same         | pending        | pending        | running      | canceling    | same           | same           | same           | same           | same
  amend            | created      | pending        | pending        | running      | canceling    | success        | failed         | canceled       | skipped        | manual
  lose_runner      | same         | same           | pending        | failed       | canceled     | same           | same           | same           | same           | same
  overflow_trace   | !not_running | !not_running   | !not_running   | failed       | canceled     | !not_running   | !not_running   | !not_running   | !not_running   | !not_running
  erase            | !not_erasable | !not_erasable | !not_erasable  | !not_erasable | !not_erasable | success       | failed         | canceled       | !not_erasable  | !not_erasable
  retry            | !not_retryable | !not_retryable | !not_retryable | !not_retryable | !not_retryable | success     | failed         | canceled       | !not_retryable | !not_retryable`;

const EVENTS: { readonly [K in EventKind]: (build: Build) => BuildEvent } = {
  enqueue: () => ({ kind: "enqueue" }),
  claim: (build) => claimOf(build),
  break_claim: () => ({ kind: "break_claim", runnerId: 7, error: "an error" }),
  release: (build) => ({ kind: "release", attempt: build.attempt }),
  confirm: () => ({ kind: "confirm" }),
  prepare: () => ({ kind: "prepare" }),
  keep_alive: () => ({ kind: "keep_alive" }),
  succeed: () => ({ kind: "succeed" }),
  fail: () => FAIL,
  reset_trace: () => ({ kind: "reset_trace" }),
  cancel: () => CANCEL,
  miss_dependency: () => ({ kind: "miss_dependency", detail: "gone" }),
  lose_claim: () => ({ kind: "lose_claim" }),
  go_silent: () => ({ kind: "go_silent" }),
  time_out: () => ({ kind: "time_out" }),
  expire_pending: () => ({ kind: "expire_pending" }),
  expire_canceling: () => ({ kind: "expire_canceling" }),
  survive_outage: () => ({ kind: "survive_outage", untilMs: T0 + 1 }),
  amend: () => ({ kind: "amend", what: "something" }),
  lose_runner: () => ({ kind: "lose_runner", runnerId: 7, machineId: null }),
  overflow_trace: () => ({ kind: "overflow_trace", limitBytes: 10 }),
  erase: () => ({ kind: "erase", by: "root", hasContent: true, hasArtifacts: false }),
  retry: () => ({ kind: "retry", newId: 99 }),
};

const [stages = [], ...rows] = PRODUCT.trim()
  .split("\n")
  .map((line) => line.split("|").map((cell) => cell.trim()));
const cells = rows.flatMap(([event, ...outcomes]) =>
  outcomes.map((outcome, at) => [stages[at + 1] as Stage, event as EventKind, outcome] as const),
);

const inWords = (verdict: Verdict): string => {
  if (verdict.kind === "refused") return `!${verdict.refusal.reason}`;
  return verdict.kind === "changed" ? verdict.build.status : verdict.kind;
};

describe("status × event", () => {
  it("has a row for each event and a column for each status", () => {
    expect(new Set(rows.map(([event]) => event))).toEqual(new Set(Object.keys(TABLE.created)));
    expect(new Set(stages.slice(1).map((stage) => BUILDS[stage as Stage].status))).toEqual(new Set(BUILD_STATUSES));
  });

  it.each(cells)("%s, %s: %s", (stage, event, outcome) => {
    const build = BUILDS[stage];
    expect(inWords(decide(build, EVENTS[event](build), T0 + 5))).toBe(outcome);
  });

  it.each(cells)("%s, %s: the revision goes up by one with a change, and only then", (stage, event) => {
    const build = BUILDS[stage];
    const verdict = decide(build, EVENTS[event](build), T0 + 5);
    if (verdict.kind === "changed") {
      expect(verdict.build.revision).toBe(build.revision + 1);
      expect(verdict.build.history.length).toBe(build.history.length + 1);
      expect(verdict.build.history.at(-1)).toMatchObject({ atMs: T0 + 5, event, status: verdict.build.status });
    }
    if (verdict.kind === "touched") expect(verdict.build).toEqual({ ...build, lastContactAtMs: T0 + 5 });
  });

  it.each(cells)("%s, %s: what is finished has its time of the end, what isn't has none", (stage, event) => {
    const build = BUILDS[stage];
    const verdict = decide(build, EVENTS[event](build), T0 + 5);
    if (verdict.kind !== "changed" || stage === "skipped") return;
    const ended = ["success", "failed", "canceled"].includes(verdict.build.status);
    expect(verdict.build.finishedAtMs !== null).toBe(ended);
  });
});

describe("history", () => {
  it("is bounded, and keeps the latest", () => {
    const busy = after(
      BUILDS.running,
      ...Array.from({ length: MAX_HISTORY + 5 }, (_, at): BuildEvent => ({ kind: "amend", what: `change ${at}` })),
    );
    expect(busy.history.length).toBe(MAX_HISTORY);
    expect(busy.history.at(-1)?.detail).toBe(`change ${MAX_HISTORY + 4}`);
  });

  it("says when the runner was last heard of", () => {
    const heard = { ...BUILDS.running, lastContactAtMs: T0 };
    expect(after(heard, { kind: "go_silent" }).history.at(-1)?.detail).toContain(new Date(T0).toISOString());
  });
});

describe("lost claims", () => {
  it("come back for another attempt that avoids the runner, and end the build at the last of them", () => {
    let build: Build = BUILDS.pending;
    for (let lost = 1; lost < MAX_LOST_CLAIMS; lost++) {
      build = after(build, claimOf(build, runnerRef(10 + lost)), { kind: "lose_claim" });
      expect(build).toMatchObject({ status: "pending", claim: null, attempt: lost, lostClaims: lost });
      expect(build).toMatchObject({ avoidRunnerId: 10 + lost, startedAtMs: null, lastContactAtMs: null });
    }
    build = after(build, claimOf(build), { kind: "lose_claim" });
    expect(build).toMatchObject({ status: "failed", failureReason: "scheduler_failure", lostClaims: MAX_LOST_CLAIMS });
  });
});
