/** What a runner says of its trace when it reports: the stored one is that, or is sent anew, or is marked. */
import { ADMINISTRATOR } from "../../src/core/principal.ts";
import { evictDurableObject } from "cloudflare:test";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  advance,
  bytesOf,
  claim,
  FIRST,
  holdTime,
  lastEvent,
  pendingBuild,
  refusalOf,
  rowsOf,
  runnerRefOf,
  statusOf,
  traceOf,
  valueOf,
} from "../tools/objects/objects.ts";
import type { BuildStub } from "../tools/objects/objects.ts";

beforeEach(holdTime);
afterEach(() => void vi.useRealTimers());

const sumOf = (text: string) => ({ lengthBytes: bytesOf(text).length, crc32: crc32(text) });

/** A build whose runner has sent `trace`; it resends when told. */
const written = async (trace: string, resendsTrace = true): Promise<BuildStub> => {
  const { stub } = await pendingBuild();
  await claim(stub, runnerRefOf({ resendsTrace }));
  valueOf(await stub.append(FIRST, 0, bytesOf(trace)));
  return stub;
};
const succeed = (stub: BuildStub, trace: string) => stub.report(FIRST, { kind: "succeed" }, { sum: sumOf(trace) });
const verified = async (stub: BuildStub) => valueOf(await stub.summary()).traceVerified;

describe("a final report of the trace's size and sum", () => {
  it("ends the build when they are right, over patches, rows and restarts", async () => {
    const stub = await written("é one\n");
    await evictDurableObject(stub);
    valueOf(await stub.append(FIRST, 7, bytesOf("two")));
    expect(valueOf(await succeed(stub, "é one\ntwo")).status).toBe("success");
    expect(await verified(stub)).toBe(true);
  });

  it("ends it unverified as before when it doesn't say them", async () => {
    const stub = await written("one");
    valueOf(await stub.report(FIRST, { kind: "succeed" }));
    expect(await verified(stub)).toBeNull();
  });

  it.each([
    ["more bytes", "one and more"],
    ["other bytes", "own"],
  ])("that says %s drops the trace, leaves the build running, and takes what is sent anew", async (_, sent) => {
    const stub = await written("one");
    const differs = { reason: "trace_differs", status: "running" };
    expect(refusalOf(await succeed(stub, sent))).toEqual(differs);
    await evictDurableObject(stub);
    expect([await statusOf(stub), await traceOf(stub)]).toEqual(["running", ""]);
    expect(await rowsOf(stub, "SELECT * FROM trace")).toEqual([]);
    expect(valueOf(await stub.append(FIRST, 0, bytesOf(sent))).lengthBytes).toBe(bytesOf(sent).length);
    expect(valueOf(await succeed(stub, sent)).status).toBe("success");
    expect([await verified(stub), await traceOf(stub)]).toEqual([true, sent]);
  });

  it("that never comes right is taken the third time, and the trace is marked", async () => {
    const stub = await written("one");
    for (const _ of [1, 2]) {
      expect(refusalOf(await succeed(stub, "two"))).toMatchObject({ reason: "trace_differs" });
      await evictDurableObject(stub);
      valueOf(await stub.append(FIRST, 0, bytesOf("one")));
    }
    expect(valueOf(await succeed(stub, "two")).status).toBe("success");
    expect([await verified(stub), await traceOf(stub)]).toEqual([false, "one"]);
    expect(valueOf(await stub.history()).at(-1)?.detail).toContain("not what the runner reported");
  });

  it("whose answer is lost again and again takes none of the tries: the trace is sent anew in the end", async () => {
    const stub = await written("one");
    for (const _ of [1, 2, 3]) expect(refusalOf(await succeed(stub, "two"))).toMatchObject({ reason: "trace_differs" });
    await evictDurableObject(stub);
    valueOf(await stub.append(FIRST, 0, bytesOf("two")));
    expect(valueOf(await succeed(stub, "two")).status).toBe("success");
    expect([await verified(stub), await traceOf(stub)]).toEqual([true, "two"]);
  });

  it("is taken and marked at once of a runner that can't send its trace again", async () => {
    const stub = await written("one", false);
    expect(valueOf(await succeed(stub, "two")).status).toBe("success");
    expect(await verified(stub)).toBe(false);
  });

  it("once more is taken as a repetition, whatever it says of the trace", async () => {
    const stub = await written("one");
    valueOf(await succeed(stub, "one"));
    expect(valueOf(await succeed(stub, "something else")).status).toBe("success");
    expect([await verified(stub), await traceOf(stub)]).toEqual([true, "one"]);
  });

  it("of a build that winds down has its trace sent anew as well, and ends as canceled", async () => {
    const { stub } = await pendingBuild();
    await claim(stub, runnerRefOf({ resendsTrace: true, cancelGracefully: true }));
    valueOf(await stub.append(FIRST, 0, bytesOf("one")));
    await stub.cancel(ADMINISTRATOR, false);
    const fail = { kind: "fail", reason: "job_canceled", exitCode: null } as const;
    const differs = await stub.report(FIRST, fail, { sum: sumOf("two") });
    expect(refusalOf(differs)).toEqual({ reason: "trace_differs", status: "canceling" });
    valueOf(await stub.append(FIRST, 0, bytesOf("two")));
    expect(valueOf(await stub.report(FIRST, fail, { sum: sumOf("two") })).status).toBe("canceled");
  });

  it("of a build that is bound and not confirmed has it run until the trace is sent anew", async () => {
    const { stub } = await pendingBuild();
    await claim(stub, runnerRefOf({ resendsTrace: true }), true);
    expect(refusalOf(await succeed(stub, "one"))).toEqual({ reason: "trace_differs", status: "running" });
  });

  it("is a sign of life, and the tries begin anew with the next attempt", async () => {
    const stub = await written("one");
    await succeed(stub, "two");
    expect(await lastEvent(stub)).toBe("reset_trace");
    const [row] = await rowsOf(stub, "SELECT last_contact_at_ms, trace_resets FROM build");
    expect(row).toEqual({ last_contact_at_ms: Date.now(), trace_resets: 1 });
  });
});

describe("the update interval", () => {
  const interval = async (stub: BuildStub, at: number) =>
    valueOf(await stub.append(FIRST, at, bytesOf("x"))).updateIntervalSeconds;

  it("is 60 s for a trace that nobody reads, and 3 s for half a minute after each read, also over a restart", async () => {
    const stub = await written("x");
    expect(await interval(stub, 1)).toBe(60);
    await traceOf(stub);
    expect(await interval(stub, 2)).toBe(3);
    await evictDurableObject(stub);
    advance(29_000);
    expect(await interval(stub, 3)).toBe(3);
    advance(1_000);
    expect(await interval(stub, 4)).toBe(60);
  });

  it("costs a reader who comes every few seconds a row now and then, and nothing after the end", async () => {
    const stub = await written("x");
    const stored = async () => (await rowsOf(stub, "SELECT watched_until_ms FROM build"))[0]?.["watched_until_ms"];
    await traceOf(stub);
    const first = await stored();
    advance(9_000);
    await traceOf(stub);
    expect(await stored()).toBe(first);
    advance(2_000);
    await traceOf(stub);
    expect(await stored()).toBe(Date.now() + 30_000);
    valueOf(await succeed(stub, "x"));
    const last = await stored();
    advance(60_000);
    await traceOf(stub);
    expect(await stored()).toBe(last);
  });
});
