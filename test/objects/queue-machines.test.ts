import { allMachines } from "../tools/objects/runners-stored.ts";
import { env } from "cloudflare:workers";
import { evictDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RunnerInfo } from "../../src/core/runner/runner.ts";
import { queueStub } from "../../src/stubs.ts";
import {
  advance,
  buildOf,
  holdTime,
  lastEvent,
  pendingBuild,
  poll,
  pollOf,
  refusalOf,
  registered,
  rowsOf,
  statusOf,
  uniqueId,
  valueOf,
} from "../tools/objects/objects.ts";

beforeEach(holdTime);
afterEach(() => void vi.useRealTimers());

const queue = () => queueStub(env);
type TestRunner = Awaited<ReturnType<typeof registered>>;

const MINUTE = 60_000;
const DAY = 86_400_000;

const machines = ({ id }: TestRunner) => allMachines(id);
const names = async (runner: TestRunner) => (await machines(runner)).map(({ systemId }) => systemId);
const changes = () => rowsOf(queue(), "SELECT total_changes() AS n");

/** A poll of this machine that the queue holds. */
const hold = async (runner: TestRunner, systemId: string) => {
  const idle = await poll(runner, { systemId });
  const before = (await queue().metrics()).heldPolls;
  const answer = queue().poll(pollOf(runner, { systemId, cursor: idle.kind === "nothing" ? idle.cursor : "" }));
  await vi.waitUntil(async () => (await queue().metrics()).heldPolls > before);
  // In an object, since a promise that is returned is waited for.
  return { answer };
};

const FULL: RunnerInfo = {
  version: "19.3.0",
  features: { two_phase_job_commit: true, cancel_gracefully: true, trace_reset: true },
};

describe("a machine", () => {
  it("is known from its first poll on, by its own name among those that share the token", async () => {
    const runner = await registered(uniqueId());
    await poll(runner, { systemId: "a", ipAddress: "192.0.2.1", info: FULL });
    await poll(runner, { systemId: "b" });
    await poll(runner);
    expect(await machines(runner)).toMatchObject([
      { systemId: "b", runnerId: runner.id, info: {}, ipAddress: null },
      { systemId: "a", info: FULL, ipAddress: "192.0.2.1", createdAtMs: Date.now(), contactedAtMs: Date.now() },
    ]);
    const other = await registered(uniqueId());
    await poll(other, { systemId: "a" });
    const ids = [...(await machines(runner)), ...(await machines(other))].map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
  });

  it("writes a row once a minute at most, and its new features at once", async () => {
    const runner = await registered(uniqueId());
    await poll(runner, { systemId: "a", info: FULL });
    const before = await changes();
    advance(MINUTE - 1);
    await poll(runner, { systemId: "a", info: { ...FULL, version: "19.4.0" }, ipAddress: "192.0.2.9" });
    expect(await changes()).toEqual(before);
    expect(await machines(runner)).toMatchObject([{ info: { version: "19.4.0" }, ipAddress: "192.0.2.9" }]);
    await poll(runner, { systemId: "a", info: { ...FULL, features: {} } });
    await evictDurableObject(queue());
    expect(await machines(runner)).toMatchObject([{ info: { features: {} }, contactedAtMs: Date.now() }]);
    advance(MINUTE);
    await poll(runner, { systemId: "a" });
    await evictDurableObject(queue());
    expect(await machines(runner)).toMatchObject([{ contactedAtMs: Date.now() }]);
  });

  it("is heard of by the builds that it holds, as its runner is; what isn't known is no news", async () => {
    const runner = await registered(uniqueId());
    await poll(runner, { systemId: "a" });
    await poll(runner, { systemId: "b" });
    advance(MINUTE);
    await queue().contactRunner(runner.id, "a");
    await queue().contactRunner(runner.id, "c");
    await queue().contactRunner(uniqueId(), "a");
    expect(valueOf(await queue().runner(runner.id)).contactedAtMs).toBe(Date.now());
    expect(await machines(runner)).toMatchObject([
      { systemId: "b", contactedAtMs: Date.now() - MINUTE },
      { systemId: "a", contactedAtMs: Date.now() },
    ]);
    advance(1);
    await queue().contactRunner(runner.id, null);
    expect(valueOf(await queue().runner(runner.id)).contactedAtMs).toBe(Date.now());
  });

  it("is forgotten after a week of silence, and goes with its runner", async () => {
    const runner = await registered(uniqueId());
    await poll(runner, { systemId: "a" });
    advance(DAY);
    await poll(runner, { systemId: "b" });
    advance(6 * DAY - 1);
    expect(await names(runner)).toEqual(["b", "a"]);
    advance(1);
    expect(await names(runner)).toEqual(["b"]);
    const rows = () => rowsOf(queue(), `SELECT system_id FROM runner_manager WHERE runner_id = ${runner.id}`);
    expect(await rows()).toEqual([{ system_id: "b" }]);
    await queue().removeRunner(runner.id, null);
    expect(await rows()).toEqual([]);
    expect(refusalOf(await queue().machinesOf(runner.id, { offset: 0, limit: 1 }))).toEqual({
      reason: "not_found",
      what: "runner",
    });
  });

  const withThousand = async (silentMs: number): Promise<TestRunner> => {
    const runner = await registered(uniqueId());
    await rowsOf(
      queue(),
      `WITH RECURSIVE number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < 999)
       INSERT INTO runner_manager (runner_id, system_id, info, created_at_ms, contacted_at_ms)
       SELECT ${runner.id}, 'm' || n, '{}', ${Date.now()}, ${Date.now()} - (n = 500) * ${silentMs} FROM number`,
    );
    return runner;
  };

  it("gets work also when there are more than a thousand, and it was forgotten while its poll was held", async () => {
    const runner = await withThousand(1);
    const held = await hold(runner, "m500");
    advance(1);
    for (let n = 0; n < 1000; n++) await poll(runner, { systemId: `m${n === 500 ? "new" : n}` });
    await poll(runner, { systemId: "another" });
    expect(await names(runner)).not.toContain("m500");
    const { id } = await pendingBuild({}, runner.projects?.[0]);
    expect(buildOf(valueOf(await held.answer))).toBe(id);
  });

  it("makes room when there are a thousand: the one that was silent longest goes", async () => {
    const runner = await withThousand(1);
    await poll(runner, { systemId: "new" });
    const known = await names(runner);
    expect(known).toHaveLength(1000);
    expect([known.includes("m500"), known.includes("m0"), known[0]]).toEqual([false, true, "new"]);
  });
});

describe("what a claim tells the build of its runner", () => {
  const claimedBy = async (runner: TestRunner, change: Parameters<typeof poll>[1]) => {
    const projectId = runner.projects?.[0] ?? 0;
    const { stub } = await pendingBuild({}, projectId);
    expect((await poll(runner, change)).kind).toBe("work");
    const [row] = (await rowsOf(stub, "SELECT status, claim FROM build")) as { status: string; claim: string }[];
    return { status: row?.status, ...JSON.parse(row?.claim ?? "{}").runner };
  };

  it("is the machine, the limit of time and what it announces", async () => {
    const runner = await registered(uniqueId(), { maximumTimeoutSeconds: 900 });
    const abilities = { twoPhase: true, cancelGracefully: false, resendsTrace: true, legacy: false };
    const claimed = await claimedBy(runner, { systemId: "a", abilities });
    const [machine] = await machines(runner);
    expect(claimed).toMatchObject({
      status: "pending",
      maximumTimeoutSeconds: 900,
      cancelGracefully: false,
      resendsTrace: true,
      manager: { id: machine?.id, systemId: "a" },
    });
  });

  it("is what the machine announced before, also to an earlier life of the queue, when the poll says nothing", async () => {
    const runner = await registered(uniqueId());
    await poll(runner, { systemId: "a", info: FULL });
    await poll(runner, { systemId: "b", info: { features: {} } });
    await evictDurableObject(queue());
    const able = { cancelGracefully: true, resendsTrace: true, status: "pending" };
    expect(await claimedBy(runner, { systemId: "a", abilities: null })).toMatchObject(able);
    expect(await claimedBy(runner, { systemId: "a", abilities: null, info: { version: "20" } })).toMatchObject(able);
    expect(await claimedBy(runner, { systemId: "b", abilities: null })).toMatchObject({
      cancelGracefully: false,
      status: "running",
    });
  });

  it("is what the runner announced before for one that names no machine", async () => {
    const runner = await registered(uniqueId());
    await poll(runner, { info: FULL });
    expect(await claimedBy(runner, { abilities: null })).toMatchObject({ cancelGracefully: true, manager: null });
  });
});

describe("a machine that is removed", () => {
  it("fails what it runs, and leaves to the others what they run", async () => {
    const projectId = uniqueId();
    const runner = await registered(projectId);
    const [mine, other] = [await pendingBuild({}, projectId), await pendingBuild({}, projectId)];
    expect(buildOf(await poll(runner, { systemId: "a" }))).toBe(mine.id);
    expect(buildOf(await poll(runner, { systemId: "b" }))).toBe(other.id);
    expect(refusalOf(await queue().removeMachine(runner, "a"))).toBeNull();
    await vi.waitUntil(async () => (await statusOf(mine.stub)) === "failed");
    expect(valueOf(await mine.stub.summary()).failureReason).toBe("runner_system_failure");
    expect(await lastEvent(mine.stub)).toBe("lose_runner");
    expect(await statusOf(other.stub)).toBe("running");
    expect(await names(runner)).toEqual(["b"]);
  });

  it("is unknown from then on, and a new one when it comes back", async () => {
    const runner = await registered(uniqueId());
    await poll(runner, { systemId: "a" });
    const [before] = await machines(runner);
    expect(refusalOf(await queue().removeMachine(runner, "a"))).toBeNull();
    const unknown = { reason: "not_found", what: "runner_manager" };
    expect(refusalOf(await queue().removeMachine(runner, "a"))).toEqual(unknown);
    await evictDurableObject(queue());
    expect(refusalOf(await queue().removeMachine(runner, "a"))).toEqual(unknown);
    await poll(runner, { systemId: "a" });
    expect((await machines(runner))[0]?.id).toBeGreaterThan(before?.id ?? Infinity);
    expect(refusalOf(await queue().removeMachine({ ...runner, epoch: 2 }, "a"))).toEqual({ reason: "stale_token" });
  });

  it("loses its held polls at once, the others keep theirs", async () => {
    const projectId = uniqueId();
    const runner = await registered(projectId);
    const [a, b] = [await hold(runner, "a"), await hold(runner, "b")];
    await queue().removeMachine(runner, "a");
    expect(valueOf(await a.answer)).toMatchObject({ kind: "nothing" });
    const { id } = await pendingBuild({}, projectId);
    expect(buildOf(valueOf(await b.answer))).toBe(id);
  });

  it("while it claims a build leaves that to others, or its end", async () => {
    const projectId = uniqueId();
    const runner = await registered(projectId);
    await poll(runner, { systemId: "a" });
    const { stub } = await pendingBuild({}, projectId);
    const claiming = queue().poll(pollOf(runner, { systemId: "a" }));
    await queue().removeMachine(runner, "a");
    expect(valueOf(await claiming)).toMatchObject({ kind: "nothing" });
    await vi.waitUntil(async () => (await statusOf(stub)) !== "running");
  });
});
