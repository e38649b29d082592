import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ADMINISTRATOR } from "../../src/core/principal.ts";
import { LEGACY_ABILITIES } from "../../src/core/runner/abilities.ts";
import { buildStub, queueStub } from "../../src/stubs.ts";
import {
  advance,
  alarmOf,
  attempt,
  buildOf,
  bytesOf,
  crash,
  fireAlarm,
  FIRST,
  holdTime,
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
const LEASE = 120_000;
const CLOCK_SKEW = 5_000;
const rowOf = async (id: number) =>
  (await rowsOf(queue(), `SELECT state, revision, runner_id FROM build WHERE build_id = ${id}`))[0] ?? null;
const reconcile = () => runInDurableObject(queue(), (instance) => instance.alarm());
/** The row of a build as it is left by a queue that crashed before it asked the build. */
const takeRow = (id: number, runnerId: number) =>
  rowsOf(
    queue(),
    `UPDATE build SET state = 'taken', runner_id = ${runnerId}, asked_at_ms = ${Date.now()} WHERE build_id = ${id}`,
  );

describe("a lost claim", () => {
  it("goes to another runner that has asked lately, and else to the same", async () => {
    const { id, projectId, stub } = await pendingBuild();
    const [loser, other] = [await registered(projectId), await registered(projectId)];
    expect(buildOf(await poll(loser))).toBe(id);
    advance(LEASE);
    expect(buildOf(await poll(other))).toBeNull();
    await fireAlarm(stub);
    expect(buildOf(await poll(loser))).toBeNull();
    expect(buildOf(await poll(other))).toBe(id);
    advance(LEASE);
    await fireAlarm(stub);
    advance(LEASE + 1);
    expect(buildOf(await poll(other))).toBe(id);
  });

  it("waits for no runner that only reports, having no room for more", async () => {
    const projectId = uniqueId();
    const [loser, busy] = [await registered(projectId), await registered(projectId)];
    const long = await pendingBuild({}, projectId);
    await poll(busy);
    const { id, stub } = await pendingBuild({}, projectId);
    await poll(loser);
    advance(LEASE + 1);
    await fireAlarm(stub);
    expect(refusalOf(await queue().findRunnerBuild(busy, long.id))).toBeNull();
    expect(buildOf(await poll(loser))).toBe(id);
  });

  it("is first in line again", async () => {
    const { id, projectId, stub } = await pendingBuild();
    const runner = await registered(projectId);
    await poll(runner);
    await pendingBuild({}, projectId);
    await stub.release(1);
    expect(buildOf(await poll(runner))).toBe(id);
  });
});

it("a runner that is paused while a build refuses it gets no other one", async () => {
  const projectId = uniqueId();
  const runner = await registered(projectId);
  const [first, second] = [await pendingBuild({}, projectId), await pendingBuild({}, projectId)];
  // What the queue thinks of the first is not how it stands.
  await rowsOf(queue(), `UPDATE build SET revision = 0 WHERE build_id = ${first.id}`);
  await evictDurableObject(queue());
  const polled = queue().poll(pollOf(runner));
  const paused = queue().updateRunner(runner.id, { paused: true });
  expect(valueOf(await paused).paused).toBe(true);
  expect(await polled).toMatchObject({ ok: false, refusal: { reason: "paused" } });
  expect(await statusOf(second.stub)).toBe("pending");
});

describe("a claim of two phases", () => {
  const able = { abilities: { ...LEGACY_ABILITIES, twoPhase: true } };

  it("keeps the build from everybody else while its runner is silent, and makes it run at its word", async () => {
    const { id, projectId, stub } = await pendingBuild();
    const [runner, other] = [await registered(projectId), await registered(projectId)];
    expect(buildOf(await poll(runner, able))).toBe(id);
    expect(await statusOf(stub)).toBe("pending");
    expect([buildOf(await poll(other)), buildOf(await poll(runner, able))]).toEqual([null, null]);
    // Also to a queue that has to ask the build first.
    await crash(queue());
    advance(CLOCK_SKEW + 1);
    await reconcile();
    expect(await rowOf(id)).toMatchObject({ state: "taken", runner_id: runner.id });
    expect(buildOf(await poll(other))).toBeNull();
    await stub.report(FIRST, { kind: "confirm" });
    expect(await statusOf(stub)).toBe("running");
    expect(buildOf(await poll(other))).toBeNull();
  });

  it("that nobody confirms is over with the lease: first in line again, for another runner, held polls included", async () => {
    const { id, projectId, stub } = await pendingBuild();
    const [runner, other] = [await registered(projectId), await registered(projectId)];
    expect(buildOf(await poll(runner, able))).toBe(id);
    advance(LEASE);
    const idle = await poll(other);
    const held = queue().poll(pollOf(other, { cursor: idle.kind === "nothing" ? idle.cursor : "" }));
    await queue().metrics();
    await fireAlarm(stub);
    expect(buildOf(valueOf(await held))).toBe(id);
    expect(valueOf(await stub.summary())).toMatchObject({ status: "running", attempt: 2, runner: { id: other.id } });
    expect(refusalOf(await stub.report(FIRST, { kind: "confirm" }))).toEqual({ reason: "stale_token" });
  });

  it("that nobody confirms comes before what arrived after it", async () => {
    const { id, projectId, stub } = await pendingBuild();
    const runner = await registered(projectId);
    await poll(runner, able);
    const later = await pendingBuild({}, projectId);
    advance(LEASE + 1);
    await fireAlarm(stub);
    const got = [buildOf(await poll(runner, able)), buildOf(await poll(runner, able))];
    expect(new Set(got)).toEqual(new Set([id, later.id]));
    expect(got[0]).toBe(id);
  });

  it("of a runner that is removed comes back at once", async () => {
    const { id, projectId } = await pendingBuild();
    const [runner, other] = [await registered(projectId), await registered(projectId)];
    expect(buildOf(await poll(runner, { ...able, systemId: "a" }))).toBe(id);
    expect(refusalOf(await queue().removeMachine(runner, "a"))).toBeNull();
    await vi.waitUntil(async () => (await rowOf(id))?.["state"] === "pending");
    expect(buildOf(await poll(other))).toBe(id);
  });
});

describe("a claim that the build refuses", () => {
  it("goes on with the next", async () => {
    const first = await pendingBuild();
    const notice = await first.stub.notice(first.id);
    await first.stub.cancel(ADMINISTRATOR, false);
    // As if the queue had not heard of it yet.
    await queue().notify(notice);
    const second = await pendingBuild({}, first.projectId);
    expect(await rowOf(first.id)).toMatchObject({ state: "pending" });
    expect(buildOf(await poll(await registered(first.projectId)))).toBe(second.id);
    expect(await rowOf(first.id)).toBeNull();
  });

  it("because it has changed is tried again as it is now", async () => {
    const { id, projectId, stub } = await pendingBuild();
    await stub.keepArtifacts();
    expect(await rowOf(id)).toMatchObject({ revision: 1 });
    expect(buildOf(await poll(await registered(projectId)))).toBe(id);
  });
});

describe("a runner that is removed", () => {
  it("fails the builds that it holds, at once", async () => {
    const { id, projectId, stub } = await pendingBuild();
    const runner = await registered(projectId);
    await poll(runner);
    expect(refusalOf(await queue().removeRunner(runner.id, 1))).toBeNull();
    await vi.waitUntil(async () => (await statusOf(stub)) === "failed");
    expect(valueOf(await stub.summary()).failureReason).toBe("runner_system_failure");
    expect(await rowOf(id)).toBeNull();
    expect(refusalOf(await queue().poll(pollOf(runner)))).toEqual({ reason: "forbidden" });
    expect(refusalOf(await queue().removeRunner(runner.id, null))).toMatchObject({ reason: "not_found" });
  });

  it("while it claims a build leaves that to others, or its end", async () => {
    const { projectId, stub } = await pendingBuild();
    const runner = await registered(projectId);
    const claiming = queue().poll(pollOf(runner));
    await queue().removeRunner(runner.id, null);
    expect(refusalOf(await claiming)).toEqual({ reason: "forbidden" });
    await vi.waitUntil(async () => (await statusOf(stub)) !== "running");
    expect((await stub.append(FIRST, 0, bytesOf("x"))).ok && (await statusOf(stub)) === "running").toBe(false);
  });

  it("by a token of another epoch stays", async () => {
    const runner = await registered(uniqueId());
    expect(refusalOf(await queue().removeRunner(runner.id, 2))).toEqual({ reason: "stale_token" });
    expect(valueOf(await queue().runner(runner.id)).id).toBe(runner.id);
  });
});

describe("the reconciler", () => {
  it("puts back a row that was taken without the build knowing, after a restart", async () => {
    const { id, projectId } = await pendingBuild();
    const runner = await registered(projectId);
    await takeRow(id, runner.id);
    advance(1);
    await crash(queue());
    expect(buildOf(await poll(runner))).toBeNull();
    // Soon: the build is nobody's until then.
    expect(await alarmOf(queue())).toBeLessThanOrEqual(Date.now() + 5_000);
    await reconcile();
    expect(await rowOf(id)).toMatchObject({ state: "pending", runner_id: null });
    expect(buildOf(await poll(runner))).toBe(id);
  });

  it("does so too when the clock has gone back with the restart", async () => {
    const { id, projectId } = await pendingBuild();
    const runner = await registered(projectId);
    await takeRow(id, runner.id);
    advance(-1000);
    await crash(queue());
    await reconcile();
    expect(await rowOf(id)).toMatchObject({ state: "pending", runner_id: null });
  });

  it("forgets a row whose build is gone", async () => {
    const { id, stub } = await pendingBuild();
    await takeRow(id, 1);
    await runInDurableObject(stub, (_instance, state) => state.storage.deleteAll());
    await crash(stub);
    advance(1);
    await crash(queue());
    await reconcile();
    expect(await rowOf(id)).toBeNull();
  });

  it("asks running builds once in a while, and leaves them as they are", async () => {
    const { id, projectId } = await pendingBuild();
    const runner = await registered(projectId);
    await poll(runner);
    advance(600_001);
    await reconcile();
    expect(await rowOf(id)).toEqual({ state: "taken", revision: 2, runner_id: runner.id });
  });

  it("is not put off by a queue that starts anew before each alarm", async () => {
    const { projectId } = await pendingBuild();
    await pendingBuild({}, projectId);
    const runner = await registered(projectId);
    await poll(runner);
    await evictDurableObject(queue());
    await poll(runner);
    const armed = await alarmOf(queue());
    advance(4_000);
    await evictDurableObject(queue());
    await poll(runner);
    expect(await alarmOf(queue())).toBe(armed);
  });

  it("rests when nothing is held", async () => {
    for (const row of await rowsOf(queue(), "SELECT build_id AS id FROM build")) {
      await buildStub(env, Number(row["id"])).cancel(ADMINISTRATOR, true);
    }
    await runDurableObjectAlarm(queue());
    expect(await rowsOf(queue(), "SELECT * FROM build WHERE state = 'taken'")).toEqual([]);
    await reconcile();
    expect(await alarmOf(queue())).toBeNull();
  });
});

describe("an eviction of the queue", () => {
  it("changes nothing: runners, what waits, what is held, who had what", async () => {
    const { id, projectId, stub } = await pendingBuild();
    const next = await pendingBuild({ tags: ["a"] }, projectId);
    await queue().allowInstanceRunners(projectId, false);
    const runner = await registered(projectId);
    await poll(runner);
    await evictDurableObject(queue());
    expect(valueOf(await queue().runner(runner.id))).toMatchObject({ running: 1, projects: [projectId] });
    expect(refusalOf(await queue().findRunnerBuild(runner, id))).toBeNull();
    expect(valueOf(await stub.append(attempt(1), 0, bytesOf("x"))).status).toBe("running");
    expect(buildOf(await poll(runner))).toBeNull();
    expect(buildOf(await poll(await registered(projectId, { tags: ["a"] })))).toBe(next.id);
    const other = await pendingBuild({ tags: ["zzz"] }, projectId);
    const reasons = await queue().pendingReasons([
      { id: uniqueId(), projectId },
      { id: other.id, projectId },
    ]);
    expect(reasons).toEqual([
      "the queue has not heard of it yet; it will be told within seconds",
      "no runner has the tags zzz",
    ]);
  });

  it("in the millisecond of a claim keeps no runner from its next build", async () => {
    const { id, projectId } = await pendingBuild();
    const next = await pendingBuild({}, projectId);
    const runner = await registered(projectId);
    for (const expected of [id, next.id]) {
      await evictDurableObject(queue());
      expect(buildOf(await poll(runner))).toBe(expected);
    }
  });

  it("makes cursors of its earlier life outdated", async () => {
    const runner = await registered(uniqueId());
    const before = await poll(runner);
    await evictDurableObject(queue());
    const cursor = before.kind === "nothing" ? before.cursor : "";
    const after = await poll(runner, { cursor });
    expect(after.kind === "nothing" && after.cursor !== cursor).toBe(true);
  });
});
