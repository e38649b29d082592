/**
 * What an event does to a build, a rule each: which status it comes to, what it implies, who is told. The table in
 * machine.ts says which rule is for which status.
 */
import type { Build, FailureReason } from "./build.ts";
import type { BuildEvent, EventKind, EventOf } from "./events.ts";
import type { Refusal } from "../refusal.ts";

/** So many answers that never reached a runner make the payload itself suspect. */
export const MAX_LOST_CLAIMS = 3;

/** The history is part of the build's row, which has its limit; artifacts can be stored and kept any number of times. */
export const MAX_HISTORY = 500;

/** Who must hear of a change: whoever did not make it himself, if it is anything to him. */
export type Audience = "nobody" | "project" | "queue" | "queue and project";

export type Verdict =
  | { readonly kind: "changed"; readonly build: Build; readonly tell: Audience }
  /** Only the last contact moved: nobody needs to hear of it. */
  | { readonly kind: "touched"; readonly build: Build }
  | { readonly kind: "same" }
  | { readonly kind: "refused"; readonly refusal: Refusal };

export type Rule<K extends EventKind> = (build: Build, event: EventOf<K>, nowMs: number) => Verdict;
export type AnyRule = (build: Build, event: BuildEvent, nowMs: number) => Verdict;

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
  const history = [...before.history.slice(1 - MAX_HISTORY), entry];
  const build = { ...before, ...change, revision: before.revision + 1, history };
  return { kind: "changed", build, tell };
};

export const refused = (refusal: Refusal): Verdict => ({ kind: "refused", refusal });

export const same: AnyRule = () => ({ kind: "same" });
export const touch: AnyRule = (build, _event, nowMs) => ({
  kind: "touched",
  build: { ...build, lastContactAtMs: nowMs },
});
export const notRunning: AnyRule = (build) => refused({ reason: "not_running", status: build.status });
export const notRetryable: AnyRule = () => refused({ reason: "not_retryable", retriedAs: null });
export const notErasable: AnyRule = () => refused({ reason: "not_erasable" });
export const notClaimable: AnyRule = (build) =>
  refused({ reason: "not_claimable", revision: build.revision, status: build.status });

export const enqueue: Rule<"enqueue"> = (build, event, nowMs) =>
  changed(build, { status: "pending", queuedAtMs: nowMs }, event, nowMs);

export const claim: Rule<"claim"> = (build, event, nowMs) => {
  if (build.claim !== null || build.revision !== event.revision) return notClaimable(build, event, nowMs);
  const taken = {
    attempt: build.attempt + 1,
    claim: { runner: event.runner, atMs: nowMs },
    avoidRunnerId: null,
    lastContactAtMs: null,
    traceResets: 0,
  };
  const detail = `claimed by runner ${event.runner.id}`;
  // Nothing that the project's lists show but the runner, whom the confirmation brings: it is pending as before.
  if (event.twoPhase) return changed(build, taken, event, nowMs, detail, "nobody");
  const change = { ...taken, status: "running", startedAtMs: nowMs } as const;
  return changed(build, change, event, nowMs, detail, "project");
};

/** The attempt is over before it began: its token is worth nothing from here on. */
const requeued = { status: "pending", claim: null, startedAtMs: null, lastContactAtMs: null } as const;

export const release: Rule<"release"> = (build, event, nowMs) =>
  build.claim === null || build.attempt !== event.attempt || build.lastContactAtMs !== null
    ? { kind: "same" }
    : changed(build, { ...requeued, queuedAtMs: nowMs }, event, nowMs, "the claim was taken back unanswered");

export const confirmClaim: Rule<"confirm"> = (build, event, nowMs) =>
  changed(
    build,
    { status: "running", startedAtMs: nowMs, lastContactAtMs: nowMs },
    event,
    nowMs,
    `confirmed by runner ${build.claim?.runner.id}`,
    "project",
  );

export const alreadyRunning: AnyRule = (build) => refused({ reason: "already_running", status: build.status });

export const loseClaim: AnyRule = (build, event, nowMs) => {
  const silent = build.status === "pending" || build.lastContactAtMs === null;
  if (build.claim === null || !silent) return { kind: "same" };
  const { id } = build.claim.runner;
  return countLost(build, event, nowMs, `runner ${id} gave no sign of life after its claim`, {
    change: { ...requeued, queuedAtMs: nowMs, avoidRunnerId: id },
    tell: "queue and project",
  });
};

/** The queue isn't told: it asks a little later, so that the build stands aside and isn't tried again in the same poll. */
export const breakClaim: Rule<"break_claim"> = (build, event, nowMs) =>
  build.claim === null
    ? countLost(build, event, nowMs, `the claim by runner ${event.runnerId} failed: ${event.error}`, {
        change: {},
        tell: "project",
      })
    : { kind: "same" };

/** A runner that already has the build has its inputs, too. */
export const missDependency: Rule<"miss_dependency"> = (build, event, nowMs) =>
  build.claim === null ? failed("missing_dependency_failure", event.detail)(build, event, nowMs) : { kind: "same" };

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
  const detail = `${why}: failed after ${lostClaims} lost claims`;
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

export const failed = (failureReason: FailureReason, detail: string | null, change: Partial<Build> = {}): AnyRule =>
  ended("failed", { ...change, failureReason }, detail);

export const canceled = (detail: string): AnyRule => ended("canceled", {}, detail);

const aboutTrace = (traceVerified: boolean | null): string | null =>
  traceVerified === false ? "its trace is not what the runner reported" : null;

export const succeed: Rule<"succeed"> = (build, event, nowMs) => {
  const { traceVerified = null } = event;
  return ended("success", { reported: "success", traceVerified }, aboutTrace(traceVerified))(build, event, nowMs);
};

export const fail: Rule<"fail"> = (build, event, nowMs) => {
  const { reason, exitCode, traceVerified = null } = event;
  const change = { reported: "failed", exitCode, traceVerified } as const;
  return failed(reason, aboutTrace(traceVerified), change)(build, event, nowMs);
};

/** A runner may end a build before it has said that it runs: what it can't run, and what began while we were away. */
export const ifBound =
  <E extends BuildEvent>(rule: (build: Build, event: E, nowMs: number) => Verdict) =>
  (build: Build, event: E, nowMs: number): Verdict =>
    build.claim === null ? notRunning(build, event, nowMs) : rule(build, event, nowMs);

export const resetTrace: AnyRule = (build, event, nowMs) => {
  const change = { traceResets: build.traceResets + 1, lastContactAtMs: nowMs };
  return changed(build, change, event, nowMs, "its trace was not what the runner reported: sent anew", "project");
};

export const cancelNow: Rule<"cancel"> = (build, event, nowMs) =>
  ended("canceled", {}, `canceled by ${event.by}`)(build, event, nowMs);

/**
 * A runner that can runs its after_script first; whatever it reports then, the build ends as canceled. A runner that has
 * gone silent will never hear of it: its build is canceled at once.
 */
export const cancelRunning: Rule<"cancel"> = (build, event, nowMs) =>
  build.claim?.runner.cancelGracefully === true &&
  !event.force &&
  nowMs - (build.lastContactAtMs ?? build.claim.atMs) <= event.silentAfterMs
    ? changed(
        build,
        { status: "canceling", cancelingSinceMs: nowMs },
        event,
        nowMs,
        `canceled by ${event.by}, the runner winds down`,
        "project",
      )
    : cancelNow(build, event, nowMs);

export const cancelCanceling: Rule<"cancel"> = (build, event, nowMs) =>
  event.force ? cancelNow(build, event, nowMs) : { kind: "same" };

export const reportCanceled = (build: Build, event: EventOf<"succeed"> | EventOf<"fail">, nowMs: number): Verdict => {
  const { kind, traceVerified = null } = event;
  const change = { reported: kind === "succeed" ? "success" : "failed", traceVerified } as const;
  return ended("canceled", change, aboutTrace(traceVerified))(build, event, nowMs);
};

export const goSilent: AnyRule = (build, event, nowMs) => {
  const last = build.lastContactAtMs;
  const since = last === null ? "since its claim" : `since ${new Date(last).toISOString()}`;
  return failed("runner_system_failure", `no contact with the runner ${since}`)(build, event, nowMs);
};

const isHeldByLost = ({ claim }: Build, { runnerId, machineId }: EventOf<"lose_runner">): boolean =>
  claim?.runner.id === runnerId && (machineId === null || claim.runner.manager?.id === machineId);

export const loseRunner: Rule<"lose_runner"> = (build, event, nowMs) =>
  isHeldByLost(build, event)
    ? failed("runner_system_failure", "its runner was removed")(build, event, nowMs)
    : { kind: "same" };

export const loseBoundRunner: Rule<"lose_runner"> = (build, event, nowMs) =>
  isHeldByLost(build, event)
    ? changed(build, { ...requeued, queuedAtMs: nowMs }, event, nowMs, "its runner was removed")
    : { kind: "same" };

export const cancelWithRunner: Rule<"lose_runner"> = (build, event, nowMs) =>
  isHeldByLost(build, event) ? canceled("canceled, and its runner was removed")(build, event, nowMs) : { kind: "same" };

export const surviveOutage: Rule<"survive_outage"> = (build, event, nowMs) =>
  changed(build, { graceUntilMs: event.untilMs }, event, nowMs, "Signalbox was down; deadlines were extended");

export const amend: Rule<"amend"> = (build, event, nowMs) => changed(build, {}, event, nowMs, event.what, "project");

/** Runners repeat a final report whose answer they missed. */
export const repeatReport: AnyRule = (build, event, nowMs) =>
  build.reported === (event.kind === "succeed" ? "success" : "failed")
    ? { kind: "same" }
    : notRunning(build, event, nowMs);

export const erase: Rule<"erase"> = (build, event, nowMs) =>
  build.erasedAtMs !== null || !event.hasContent
    ? notErasable(build, event, nowMs)
    : changed(
        build,
        { erasedAtMs: nowMs },
        event,
        nowMs,
        `erased by ${event.by}${event.hasArtifacts ? WITH_ARTIFACTS : ""}`,
        "project",
      );

export const retry: Rule<"retry"> = (build, event, nowMs) =>
  build.retriedAs !== null
    ? refused({ reason: "not_retryable", retriedAs: build.retriedAs })
    : changed(build, { retriedAs: event.newId }, event, nowMs, `retried as ${event.newId}`, "project");

/** What the history says when artifacts went: dependants are told by it. */
export const ARTIFACTS_EXPIRED = "artifacts expired";
const WITH_ARTIFACTS = ", with its artifacts";

/** Why a dependant can't have this build's artifacts although there were some; null when nothing is missing. */
export const lostArtifacts = ({ history }: Pick<Build, "history">): "expired" | "erased" | null => {
  const last = history.findLast(
    ({ event, detail }) =>
      detail === ARTIFACTS_EXPIRED || (event === "erase" && detail?.endsWith(WITH_ARTIFACTS) === true),
  );
  if (last === undefined) return null;
  return last.event === "erase" ? "erased" : "expired";
};
