import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ADMINISTRATOR } from "../../src/core/principal.ts";
import { FIRST_RETRY_MS } from "../../src/storage/outbox.ts";
import { queueStub } from "../../src/stubs.ts";
import {
  advance,
  buildOf,
  crash,
  fireAlarm,
  FIRST,
  holdTime,
  pendingBuild,
  poll,
  registered,
  uniqueId,
} from "../tools/objects/objects.ts";

beforeEach(holdTime);
afterEach(() => void vi.useRealTimers());

const queue = () => queueStub(env);
const metrics = () => queue().metrics();
const LEASE = 120_000;

const finishedAs = async (status: string, reason = ""): Promise<number> =>
  (await metrics()).finished.find((each) => each.status === status && each.reason === reason)?.count ?? 0;

/** What `body` adds to the count of claims and to their waits in seconds. */
const waitsOf = async (body: () => Promise<unknown>) => {
  const totals = async () =>
    (await metrics()).claimWaits.reduce(
      ({ count, sum }, bucket) => ({ count: count + bucket.count, sum: sum + bucket.sum }),
      { count: 0, sum: 0 },
    );
  const before = await totals();
  await body();
  const after = await totals();
  return { count: after.count - before.count, sum: after.sum - before.sum };
};

describe("claims", () => {
  it("are counted with the time that the build had waited, once, whatever crashes", async () => {
    const { projectId } = await pendingBuild();
    const runner = await registered(projectId);
    advance(20_000);
    const waited = await waitsOf(async () => {
      expect(buildOf(await poll(runner))).not.toBeNull();
      expect(buildOf(await poll(runner))).toBeNull();
      await crash(queue());
    });
    expect(waited).toEqual({ count: 1, sum: 20 });
    expect((await metrics()).claimWaits.find(({ le }) => le === 30)).toEqual({ le: 30, count: 1, sum: 20 });
  });

  it("that are lost are counted when the build comes back, and when it fails the third time", async () => {
    const { id, projectId, stub } = await pendingBuild();
    const runner = await registered(projectId);
    const before = await metrics();
    for (let lost = 1; lost <= 3; lost++) {
      expect(buildOf(await poll(runner))).toBe(id);
      advance(LEASE + 1);
      await fireAlarm(stub);
      await crash(queue());
      // The crash may have broken off the notice: then the build's alarm tells it once more.
      await vi.waitUntil(async () => {
        advance(FIRST_RETRY_MS + 1);
        await fireAlarm(stub);
        return (await metrics()).lostClaims === before.lostClaims + lost;
      });
      advance(LEASE + 1);
    }
    expect(await finishedAs("failed", "scheduler_failure")).toBe(1);
  });

  it("that are taken back by a release are not lost", async () => {
    const tag = `tag-${uniqueId()}`;
    const { projectId, stub } = await pendingBuild({ tags: [tag] });
    const { lostClaims } = await metrics();
    await poll(await registered(projectId, { tags: [tag] }));
    expect((await metrics()).pending.some(({ tags }) => tags[0] === tag)).toBe(false);
    await stub.release(1);
    await vi.waitUntil(async () => (await metrics()).pending.some(({ tags }) => tags[0] === tag));
    expect((await metrics()).lostClaims).toBe(lostClaims);
  });
});

describe("builds that end", () => {
  it("are counted by status and reason, once, also when their notice comes again", async () => {
    const [success, failed, canceled] = [
      await finishedAs("success"),
      await finishedAs("failed", "script_failure"),
      await finishedAs("canceled"),
    ];
    const projectId = uniqueId();
    const runner = await registered(projectId);
    const good = await pendingBuild({}, projectId);
    await poll(runner);
    const bad = await pendingBuild({}, projectId);
    await poll(runner);
    const unwanted = await pendingBuild({}, projectId);
    await good.stub.report(FIRST, { kind: "succeed" });
    await bad.stub.report(FIRST, { kind: "fail", reason: "script_failure", exitCode: 1 });
    await unwanted.stub.cancel(ADMINISTRATOR, false);
    await crash(queue());
    for (const { id, stub } of [good, bad, unwanted]) await queue().notify(await stub.notice(id));
    expect([
      await finishedAs("success"),
      await finishedAs("failed", "script_failure"),
      await finishedAs("canceled"),
    ]).toEqual([success + 1, failed + 1, canceled + 1]);
  });

  it("by being removed are counted as that, and finished ones not again", async () => {
    const [removed, canceled] = [await finishedAs("removed"), await finishedAs("canceled")];
    const build = await pendingBuild();
    await build.stub.remove(build.id);
    const done = await pendingBuild();
    await done.stub.cancel(ADMINISTRATOR, false);
    await done.stub.remove(done.id);
    expect([await finishedAs("removed"), await finishedAs("canceled")]).toEqual([removed + 1, canceled + 1]);
  });
});

describe("what is now", () => {
  it("is told by the tags that a runner must have, over all projects", async () => {
    const [one, two] = [uniqueId(), uniqueId()].map((id) => `tag-${id}`) as [string, string];
    await pendingBuild({ tags: [two, one] });
    advance(60_000);
    await pendingBuild({ tags: [one, two] });
    await pendingBuild({ tags: [one] });
    advance(1000);
    const pending = (await metrics()).pending.filter(({ tags }) => tags.includes(one));
    expect(pending.toSorted((a, b) => a.tags.length - b.tags.length)).toEqual([
      { tags: [one], builds: 1, oldestAgeMs: 1000 },
      { tags: [one, two].toSorted(), builds: 2, oldestAgeMs: 61_000 },
    ]);
  });

  it("are builds that run and polls that are held", async () => {
    const { running } = await metrics();
    const { projectId, stub } = await pendingBuild();
    const runner = await registered(projectId);
    await poll(runner);
    const nothing = await poll(runner);
    const held = poll(runner, { cursor: nothing.kind === "nothing" ? nothing.cursor : "" });
    await vi.waitUntil(async () => (await metrics()).heldPolls === 1);
    expect((await metrics()).running).toBe(running + 1);
    await stub.cancel(ADMINISTRATOR, true);
    await pendingBuild({}, projectId);
    expect((await held).kind).toBe("work");
    expect((await metrics()).heldPolls).toBe(0);
  });

  it("are runners whose last call came with a token of the previous secret", async () => {
    const runner = await registered(uniqueId());
    const before = (await metrics()).oldTokens;
    await poll(runner, { token: { id: runner.id, epoch: runner.epoch, isOld: true } });
    expect((await metrics()).oldTokens).toBe(before + 1);
    await queue().updateRunner(runner.id, { description: "still the same token" });
    expect((await metrics()).oldTokens).toBe(before + 1);
    await poll(runner);
    expect((await metrics()).oldTokens).toBe(before);
  });

  it("are runners, online and paused", async () => {
    const count = async () => (await metrics()).runners.paused;
    const before = await count();
    const runner = await registered(uniqueId());
    await poll(runner);
    await queue().updateRunner(runner.id, { paused: true });
    expect(await count()).toBe(before + 1);
  });
});
