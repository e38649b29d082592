import { describe, expect, it } from "vitest";
import type { Build } from "../../../src/core/build/build.ts";
import { decide } from "../../../src/core/build/machine.ts";
import type { BuildEvent } from "../../../src/core/build/events.ts";
import { after, BUILDS, CANCEL, claimOf, FAIL, FORCE_CANCEL, runnerRef, T0 } from "../../tools/objects/builds.ts";

const refusal = (build: Build, event: BuildEvent) => {
  const verdict = decide(build, event, T0);
  return verdict.kind === "refused" ? verdict.refusal : verdict.kind;
};
const told = (build: Build, event: BuildEvent) => {
  const verdict = decide(build, event, T0);
  return verdict.kind === "changed" ? verdict.tell : verdict.kind;
};

describe("claims", () => {
  it("of another revision than the build's are refused, and told the right one", () => {
    for (const revision of [BUILDS.pending.revision - 1, BUILDS.pending.revision + 1]) {
      const event = { kind: "claim", revision, runner: runnerRef(1), twoPhase: false } as const;
      expect(refusal(BUILDS.pending, event)).toEqual({ reason: "not_claimable", revision: 1, status: "pending" });
    }
  });

  it("are not to be had twice, even with the right revision", () => {
    expect(refusal(BUILDS.bound, claimOf(BUILDS.bound))).toMatchObject({ reason: "not_claimable", status: "pending" });
  });

  it("begin an attempt of their own without a sign of life", () => {
    const again = { ...BUILDS.pending, attempt: 4, avoidRunnerId: 9, lastContactAtMs: T0 };
    expect(after(again, claimOf(again))).toMatchObject({ attempt: 5, avoidRunnerId: null, lastContactAtMs: null });
  });

  it("in two phases run only once confirmed, and then from that time on", () => {
    expect(BUILDS.bound).toMatchObject({ status: "pending", attempt: 1, startedAtMs: null });
    const verdict = decide(BUILDS.bound, { kind: "confirm" }, T0 + 9);
    expect(verdict).toMatchObject({ build: { status: "running", startedAtMs: T0 + 9, lastContactAtMs: T0 + 9 } });
  });

  it("in two phases are lost even when keep-alives came, since only `running` ends the lease", () => {
    expect(after(BUILDS.bound, { kind: "keep_alive" }, { kind: "lose_claim" })).toMatchObject({ claim: null });
  });

  it("that gave a sign of life are neither lost nor released", () => {
    const heard = after(BUILDS.running, { kind: "keep_alive" });
    expect(refusal(heard, { kind: "lose_claim" })).toBe("same");
    expect(refusal(heard, { kind: "release", attempt: 1 })).toBe("same");
  });

  it("are released by their own attempt only, which doesn't count as lost", () => {
    expect(refusal(BUILDS.running, { kind: "release", attempt: 2 })).toBe("same");
    const released = after(BUILDS.running, { kind: "release", attempt: 1 });
    expect(released).toMatchObject({ status: "pending", claim: null, lostClaims: 0, avoidRunnerId: null });
  });

  it("of a runner that is removed come back when bound, and end the build when it runs", () => {
    const lost = { kind: "lose_runner", runnerId: 7, machineId: null } as const;
    expect(after(BUILDS.bound, lost)).toMatchObject({ status: "pending", claim: null, lostClaims: 0 });
    expect(after(BUILDS.running, lost)).toMatchObject({ status: "failed", failureReason: "runner_system_failure" });
    for (const build of [BUILDS.bound, BUILDS.running, BUILDS.canceling]) {
      expect(refusal(build, { ...lost, runnerId: 8 })).toBe("same");
    }
  });

  it("of one machine are lost with it, and with no other that shares the runner's token", () => {
    const runner = { ...runnerRef(7), manager: { id: 3, systemId: "s_3" } };
    const build = after(BUILDS.pending, claimOf(BUILDS.pending, runner));
    const lost = { kind: "lose_runner", runnerId: 7, machineId: 3 } as const;
    expect(after(build, lost).status).toBe("failed");
    expect(refusal(build, { ...lost, machineId: 4 })).toBe("same");
    expect(refusal(BUILDS.running, lost), "one that didn't tell its machine").toBe("same");
    expect(after(build, { ...lost, machineId: null }).status).toBe("failed");
  });
});

describe("canceling", () => {
  const rude = after(BUILDS.pending, claimOf(BUILDS.pending, runnerRef(7, false)));

  it("is immediate for a runner that can't wind down, and by force for any", () => {
    expect(after(rude, CANCEL).status).toBe("canceled");
    expect(after(BUILDS.running, FORCE_CANCEL).status).toBe("canceled");
    expect(after(BUILDS.canceling, FORCE_CANCEL)).toMatchObject({ status: "canceled", cancelingSinceMs: null });
  });

  it("ends as canceled, whatever the runner reports then, and takes that report again", () => {
    for (const report of [{ kind: "succeed" } as const, FAIL]) {
      const ended = after(BUILDS.canceling, report);
      expect(ended).toMatchObject({ status: "canceled", failureReason: null });
      expect(refusal(ended, report)).toBe("same");
    }
  });
});

describe("final reports", () => {
  it("are taken again when they say the same, and refused when another", () => {
    expect(refusal(BUILDS.success, { kind: "succeed" })).toBe("same");
    expect(refusal(BUILDS.success, FAIL)).toEqual({ reason: "not_running", status: "success" });
    expect(refusal(BUILDS.failed, FAIL)).toBe("same");
    expect(refusal(BUILDS.failed, { kind: "succeed" })).toEqual({ reason: "not_running", status: "failed" });
  });

  it("are refused when something else has ended the build", () => {
    const silent = after(BUILDS.running, { kind: "go_silent" });
    expect(refusal(silent, FAIL)).toEqual({ reason: "not_running", status: "failed" });
  });

  it("keep the reason and the exit code", () => {
    expect(BUILDS.failed).toMatchObject({ failureReason: "script_failure", exitCode: 1, reported: "failed" });
  });
});

describe("the end", () => {
  it("erasing needs content, and happens once", () => {
    const erase = { kind: "erase", by: "root", hasContent: true, hasArtifacts: false } as const;
    expect(refusal(BUILDS.success, { ...erase, hasContent: false, hasArtifacts: false })).toEqual({
      reason: "not_erasable",
    });
    const erased = after(BUILDS.success, erase);
    expect(erased).toMatchObject({ status: "success", erasedAtMs: T0 });
    expect(refusal(erased, erase)).toEqual({ reason: "not_erasable" });
  });

  it("an erased build refuses its runner whatever it says, also the report that it repeats", () => {
    const erased = after(BUILDS.success, { kind: "erase", by: "root", hasContent: true, hasArtifacts: false });
    const reports: BuildEvent[] = [{ kind: "succeed" }, FAIL, { kind: "confirm" }, { kind: "keep_alive" }];
    for (const report of reports) expect(refusal(erased, report)).toEqual({ reason: "erased", status: "success" });
  });

  it("a second retry names the build that the first one made", () => {
    const retried = after(BUILDS.failed, { kind: "retry", newId: 50 });
    expect(retried).toMatchObject({ status: "failed", retriedAs: 50 });
    expect(refusal(retried, { kind: "retry", newId: 51 })).toEqual({ reason: "not_retryable", retriedAs: 50 });
  });
});

describe("who is told", () => {
  it.each<[string, Build, BuildEvent, string]>([
    ["a claim: the queue made it", BUILDS.pending, claimOf(BUILDS.pending), "project"],
    ["a claim that waits to be confirmed", BUILDS.pending, claimOf(BUILDS.pending, runnerRef(7), true), "nobody"],
    ["a lost claim: the queue must offer it again", BUILDS.running, { kind: "lose_claim" }, "queue and project"],
    ["a released claim", BUILDS.running, { kind: "release", attempt: 1 }, "queue and project"],
    ["an end", BUILDS.running, { kind: "succeed" }, "queue and project"],
    ["a cancel of what waits", BUILDS.pending, CANCEL, "queue and project"],
    ["an artifact", BUILDS.running, { kind: "amend", what: "a file" }, "project"],
    ["a revision that claims must name", BUILDS.pending, { kind: "survive_outage", untilMs: 1 }, "queue and project"],
  ])("%s", (_title, build, event, audience) => {
    expect(told(build, event)).toBe(audience);
  });
});
