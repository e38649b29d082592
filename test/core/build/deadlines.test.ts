import { describe, expect, it } from "vitest";
import type { Build } from "../../../src/core/build/build.ts";
import { dueEvent, nextDeadline } from "../../../src/core/build/deadlines.ts";
import type { Limits } from "../../../src/core/build/deadlines.ts";
import { decide } from "../../../src/core/build/machine.ts";
import { after, BUILDS, T0, TIMEOUT_SECONDS } from "../../tools/objects/builds.ts";
import type { Stage } from "../../tools/objects/builds.ts";

const LEASE = 120_000;
const STUCK = 600_000;
const PENDING = 86_400_000;
const CANCELING = 300_000;
const TIMEOUT = TIMEOUT_SECONDS * 1000;
const LIMITS: Limits = {
  claimLeaseMs: LEASE,
  stuckAfterMs: STUCK,
  pendingLimitMs: PENDING,
  cancelingLimitMs: CANCELING,
};

const heard = (build: Build, atMs: number): Build => ({ ...build, lastContactAtMs: atMs });
const next = (build: Build) => {
  const deadline = nextDeadline(build, LIMITS);
  return deadline === null ? null : [deadline.event.kind, deadline.atMs - T0];
};

describe("the next deadline", () => {
  it.each<[string, Build, string, number]>([
    ["a pending build waits for the pending limit", BUILDS.pending, "expire_pending", PENDING],
    ["a claim that nobody has heard of waits for its lease", BUILDS.running, "lose_claim", LEASE],
    ["a runner that was heard of may be silent for so long", heard(BUILDS.running, T0 + 9), "go_silent", STUCK + 9],
    ["a bound claim has a lease", BUILDS.bound, "lose_claim", LEASE],
    ["keep-alives renew the lease of a bound claim", heard(BUILDS.bound, T0 + 9), "lose_claim", LEASE + 9],
    ["but not for ever: it is pending still", heard(BUILDS.bound, T0 + PENDING), "expire_pending", PENDING],
    [
      "a talkative build ends after its timeout and a grace",
      heard(BUILDS.running, T0 + TIMEOUT + 9),
      "time_out",
      TIMEOUT + STUCK,
    ],
    [
      "canceling has its limit, however talkative the runner",
      heard(BUILDS.canceling, T0 + 9),
      "expire_canceling",
      CANCELING,
    ],
    [
      "none comes before the grace is over",
      { ...BUILDS.running, graceUntilMs: T0 + 9 * LEASE },
      "lose_claim",
      9 * LEASE,
    ],
  ])("%s", (_title, build, event, inMs) => {
    expect(next(build)).toEqual([event, inMs]);
  });

  it.each(["created", "success", "failed", "canceled", "skipped", "manual"] satisfies Stage[])(
    "%s waits for none",
    (stage) => {
      expect(next(BUILDS[stage])).toBeNull();
    },
  );
});

describe("an alarm", () => {
  it("that comes before the deadline finds nothing due", () => {
    expect(dueEvent(BUILDS.running, LIMITS, T0 + LEASE - 1, T0 + LEASE - 1)).toBeNull();
  });

  it("in time, or up to 30 s late, lets the deadline do its work", () => {
    for (const late of [0, 30_000]) {
      expect(dueEvent(BUILDS.running, LIMITS, T0 + LEASE, T0 + LEASE + late)).toEqual({ kind: "lose_claim" });
    }
  });

  it("later than that grants a fresh window, whose end is a deadline again", () => {
    const nowMs = T0 + LEASE + 30_001;
    const event = dueEvent(BUILDS.running, LIMITS, T0 + LEASE, nowMs);
    expect(event).toEqual({ kind: "survive_outage", untilMs: nowMs + LEASE });
    if (event === null) return;
    const survived = after(BUILDS.running, event);
    expect(next(survived)).toEqual(["lose_claim", nowMs + LEASE - T0]);
    expect(dueEvent(survived, LIMITS, nowMs + LEASE, nowMs + LEASE)).toEqual({ kind: "lose_claim" });
  });

  it("that was armed early and comes late grants the window too, when the deadline has come near", () => {
    // Armed for the lease, then the runner was heard of; the system slept through most of the silence it is allowed.
    const build = heard(BUILDS.running, T0 + LEASE);
    const nowMs = T0 + LEASE + STUCK - 1000;
    expect(dueEvent(build, LIMITS, T0 + LEASE, nowMs)).toEqual({ kind: "survive_outage", untilMs: nowMs + STUCK });
  });

  it("late, while the deadline is a whole window away, changes nothing", () => {
    expect(dueEvent(BUILDS.pending, LIMITS, T0, T0 + PENDING - STUCK)).toBeNull();
  });

  it("is late sooner where the window is short", () => {
    const short = { ...LIMITS, claimLeaseMs: 2000 };
    expect(dueEvent(BUILDS.running, short, T0 + 2000, T0 + 3000)).toEqual({ kind: "lose_claim" });
    expect(dueEvent(BUILDS.running, short, T0 + 2000, T0 + 3001)).toMatchObject({ kind: "survive_outage" });
  });

  // A deadline that its event leaves in the past would have the alarm fire again at once, for ever.
  it.each(Object.entries(BUILDS))(
    "moves the deadline of a %s build into the future, late or in time",
    (_stage, build) => {
      for (const contactMs of [null, T0 + 5, T0 + PENDING]) {
        const each = { ...build, lastContactAtMs: contactMs };
        const deadline = nextDeadline(each, LIMITS);
        if (deadline === null) continue;
        for (const scheduledMs of [deadline.atMs, deadline.atMs - 60_000]) {
          const event = dueEvent(each, LIMITS, scheduledMs, deadline.atMs);
          const verdict = event === null ? null : decide(each, event, deadline.atMs);
          const then = verdict?.kind === "changed" ? nextDeadline(verdict.build, LIMITS) : deadline;
          expect(then?.atMs ?? Infinity).toBeGreaterThan(deadline.atMs);
        }
      }
    },
  );
});
