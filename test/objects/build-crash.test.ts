import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ADMINISTRATOR } from "../../src/core/principal.ts";
import { buildStub, queueStub } from "../../src/stubs.ts";
import {
  alarmOf,
  bytesOf,
  claim,
  crash,
  fireAlarm,
  FIRST,
  holdTime,
  inputOf,
  pendingBuild,
  rowsOf,
  runnerRefOf,
  runningBuild,
  statusOf,
  storedDebts,
  logOf,
  traceOf,
  valueOf,
} from "../tools/objects/objects.ts";
import type { BuildStub, TestBuild } from "../tools/objects/objects.ts";

beforeEach(holdTime);
afterEach(() => void vi.useRealTimers());

/** After a crash the old stub is broken. */
const again = (build: TestBuild): BuildStub => buildStub(env, build.id);
/** What the queue is still to be told. */
const owed = async (stub: BuildStub) => (await storedDebts(stub)).filter(({ destination }) => destination === "queue");
const queueRow = async (id: number) =>
  (await rowsOf(queueStub(env), `SELECT state, revision FROM build WHERE build_id = ${id}`))[0] ?? null;

/** Makes the queue fail at every change of a row, until the test mends it. */
const failingQueue = async () => {
  const raise = "ON build BEGIN SELECT RAISE(ABORT, 'the queue is down'); END";
  await rowsOf(
    queueStub(env),
    `CREATE TRIGGER no_insert BEFORE INSERT ${raise}; CREATE TRIGGER no_delete BEFORE DELETE ${raise}`,
  );
  return () => rowsOf(queueStub(env), "DROP TRIGGER no_insert; DROP TRIGGER no_delete");
};

describe("what was acknowledged survives a crash", () => {
  it("a claim, a patch, a report", async () => {
    const build = await pendingBuild();
    await claim(build.stub);
    await crash(build.stub);
    expect(valueOf(await again(build).append(FIRST, 0, bytesOf("one"))).lengthBytes).toBe(3);
    await crash(again(build));
    expect(valueOf(await again(build).append(FIRST, 3, bytesOf("two"))).lengthBytes).toBe(6);
    await crash(again(build));
    await again(build).report(FIRST, { kind: "succeed" }, logOf("onetwothree"));
    await crash(again(build));
    expect(await statusOf(again(build))).toBe("success");
    expect(await traceOf(again(build))).toBe("onetwothree");
  });

  it("a sign of life that only a patch has stored still ends the lease", async () => {
    const build = await runningBuild();
    await build.stub.append(FIRST, 0, bytesOf("x"));
    await crash(build.stub);
    vi.setSystemTime(Date.now() + 121_000);
    await fireAlarm(again(build));
    expect(await statusOf(again(build))).toBe("running");
  });
});

describe("a crash in the middle leaves nothing half done", () => {
  it("a patch of several rows that was not durable is gone with all its rows", async () => {
    const build = await runningBuild();
    await build.stub.append(FIRST, 0, bytesOf("begin."));
    await expect(
      runInDurableObject(build.stub, (instance, state) => {
        instance.append(FIRST, 6, new Uint8Array(1024 * 1024));
        state.abort("before it was durable");
      }),
    ).rejects.toThrow("before it was durable");
    expect(valueOf(await again(build).readTrace(0, 100)).lengthBytes).toBe(6);
    expect(valueOf(await again(build).append(FIRST, 6, bytesOf("!"))).lengthBytes).toBe(7);
  });

  it("a report whose log can't be stored changes neither state nor trace nor memory", async () => {
    const build = await runningBuild();
    await build.stub.append(FIRST, 0, bytesOf("log."));
    const refuseRows = "CREATE TRIGGER no_more BEFORE INSERT ON trace BEGIN SELECT RAISE(ABORT, 'disk full'); END";
    await rowsOf(build.stub, refuseRows);
    await runInDurableObject(build.stub, async (instance) => {
      await expect(instance.report(FIRST, { kind: "succeed" }, logOf("log. and more"))).rejects.toThrow("disk full");
      expect(valueOf(instance.summary())).toMatchObject({ status: "running" });
    });
    expect(await traceOf(again(build))).toBe("log.");
    await rowsOf(again(build), "DROP TRIGGER no_more");
    const ended = valueOf(await again(build).report(FIRST, { kind: "succeed" }, logOf("log. and more")));
    expect(ended).toMatchObject({ status: "success", lengthBytes: 13 });
  });
});

describe("messages", () => {
  it("of a new build are repeated with its creation", async () => {
    const { id, projectId, stub } = await pendingBuild();
    await rowsOf(queueStub(env), `DELETE FROM build WHERE build_id = ${id}`);
    valueOf(await stub.create(inputOf(id, projectId)));
    expect(await queueRow(id)).toEqual({ state: "pending", revision: 1 });
  });

  it("of a new build are owed only when the queue can't be told", async () => {
    expect(await storedDebts((await pendingBuild()).stub)).toEqual([]);
    const mend = await failingQueue();
    const { id, stub } = await pendingBuild();
    expect(await owed(stub)).toMatchObject([{ revision: 1 }]);
    await mend();
    expect(await alarmOf(stub)).toBe(Date.now() + 10_000);
    vi.setSystemTime(Date.now() + 10_000);
    await fireAlarm(stub);
    expect(await owed(stub)).toEqual([]);
    expect(await queueRow(id)).toEqual({ state: "pending", revision: 1 });
  });

  it("are delivered with the change, and then forgotten", async () => {
    const { id, stub } = await pendingBuild();
    expect(await queueRow(id)).toEqual({ state: "pending", revision: 1 });
    await stub.cancel(ADMINISTRATOR, false);
    expect(await queueRow(id)).toBeNull();
    expect(await owed(stub)).toEqual([]);
  });

  it("that fail are sent by the alarm, the newest only, with growing pauses", async () => {
    const build = await pendingBuild();
    const mend = await failingQueue();
    await build.stub.cancel(ADMINISTRATOR, false);
    expect(await owed(build.stub)).toMatchObject([{ revision: 2, tries: 1 }]);
    expect(await statusOf(build.stub)).toBe("canceled");
    vi.setSystemTime(Date.now() + 10_000);
    await fireAlarm(build.stub);
    expect(await owed(build.stub)).toMatchObject([{ revision: 2, tries: 2 }]);
    await crash(build.stub);
    await mend();
    vi.setSystemTime(Date.now() + 20_000);
    await fireAlarm(again(build));
    expect(await owed(again(build))).toEqual([]);
    expect(await queueRow(build.id)).toBeNull();
  });

  it("that are newer take the place of older ones that never arrived", async () => {
    const { id, stub } = await pendingBuild();
    const mend = await failingQueue();
    for (const [attempt, revision] of [
      [1, 3],
      [2, 5],
    ] as const) {
      await claim(stub, runnerRefOf());
      await stub.release(attempt);
      expect(await owed(stub)).toMatchObject([{ revision }]);
    }
    await mend();
    vi.setSystemTime(Date.now() + 10_000);
    await fireAlarm(stub);
    expect(await queueRow(id)).toEqual({ state: "pending", revision: 5 });
  });

  it("that are no news to their receiver change nothing", async () => {
    const { id, stub } = await runningBuild();
    await stub.release(1);
    await vi.waitUntil(async () => (await owed(stub)).length === 0);
    const notice = await stub.notice(id);
    expect(await queueRow(id)).toEqual({ state: "pending", revision: notice.revision });
    for (const stale of [notice.revision, notice.revision - 1]) {
      await queueStub(env).notify({ ...notice, revision: stale, state: "gone" });
    }
    expect(await queueRow(id)).toEqual({ state: "pending", revision: notice.revision });
  });
});
