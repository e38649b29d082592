/** No state is left for ever: which deadline of a build comes next, and what it does. */
import type { Build } from "./build.ts";
import type { BuildEvent } from "./events.ts";
import { timeoutOn } from "../runner/runner.ts";

/** All in milliseconds. */
export interface Limits {
  readonly claimLeaseMs: number;
  readonly stuckAfterMs: number;
  readonly pendingLimitMs: number;
  readonly cancelingLimitMs: number;
}

type DeadlineEvent = Extract<
  BuildEvent,
  { kind: "lose_claim" | "go_silent" | "time_out" | "expire_pending" | "expire_canceling" }
>;

export interface Deadline {
  readonly atMs: number;
  readonly event: DeadlineEvent;
  /** What an outage grants anew. */
  readonly windowMs: number;
}

/** Later than this, or than half of its window, an alarm proves that the system was away: the runner had no chance. */
const OUTAGE_MS = 30_000;

const candidates = (build: Build, limits: Limits): Deadline[] => {
  const { claim, lastContactAtMs } = build;
  const lease = (fromMs: number): Deadline => ({
    atMs: fromMs + limits.claimLeaseMs,
    event: { kind: "lose_claim" },
    windowMs: limits.claimLeaseMs,
  });
  const silence = (fromMs: number): Deadline => ({
    atMs: fromMs + limits.stuckAfterMs,
    event: { kind: "go_silent" },
    windowMs: limits.stuckAfterMs,
  });
  // The runner ends the build by itself when its timeout is over, and then needs time to say so.
  const timeout: Deadline = {
    atMs: (build.startedAtMs ?? 0) + timeoutOn(claim?.runner, build.timeoutSeconds) * 1000 + limits.stuckAfterMs,
    event: { kind: "time_out" },
    windowMs: limits.stuckAfterMs,
  };
  switch (build.status) {
    case "pending": {
      const limit: Deadline = {
        atMs: (build.queuedAtMs ?? build.createdAtMs) + limits.pendingLimitMs,
        event: { kind: "expire_pending" },
        windowMs: limits.stuckAfterMs,
      };
      // Keep-alives renew the lease of a bound claim without end; the limit they don't.
      return claim === null ? [limit] : [lease(lastContactAtMs ?? claim.atMs), limit];
    }
    case "running":
      return [lastContactAtMs === null ? lease(claim?.atMs ?? 0) : silence(lastContactAtMs), timeout];
    case "canceling":
      return [
        {
          atMs: (build.cancelingSinceMs ?? 0) + limits.cancelingLimitMs,
          event: { kind: "expire_canceling" },
          windowMs: limits.cancelingLimitMs,
        },
      ];
    default:
      return [];
  }
};

/** The deadline that comes first, or null where nothing waits. */
export const nextDeadline = (build: Build, limits: Limits): Deadline | null => {
  let next: Deadline | null = null;
  for (const candidate of candidates(build, limits)) {
    const atMs = Math.max(candidate.atMs, build.graceUntilMs);
    if (next === null || atMs < next.atMs) next = { ...candidate, atMs };
  }
  return next;
};

/**
 * What an alarm that was due at `scheduledMs` and fires at `nowMs` finds: nothing due yet, a deadline, or the end of an
 * outage, after which each deadline gets one fresh window first, also one that the outage has brought near.
 */
export const dueEvent = (build: Build, limits: Limits, scheduledMs: number, nowMs: number): BuildEvent | null => {
  const deadline = nextDeadline(build, limits);
  if (deadline === null) return null;
  const untilMs = nowMs + deadline.windowMs;
  const wasAway = nowMs - scheduledMs > Math.min(OUTAGE_MS, deadline.windowMs / 2);
  if (wasAway && deadline.atMs < untilMs) return { kind: "survive_outage", untilMs };
  return deadline.atMs <= nowMs ? deadline.event : null;
};
