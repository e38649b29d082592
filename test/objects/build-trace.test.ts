import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ADMINISTRATOR } from "../../src/core/principal.ts";
import { tokenKeys } from "../../src/settings.ts";
import { crc32 } from "node:zlib";
import {
  advance,
  bytesOf,
  claim,
  FIRST,
  holdTime,
  pendingBuild,
  refusalOf,
  rowsOf,
  runningBuild,
  statusOf,
  logOf,
  toNextAlarm,
  traceOf,
  valueOf,
} from "../tools/objects/objects.ts";
import type { BuildStub } from "../tools/objects/objects.ts";

beforeEach(holdTime);
afterEach(() => void vi.useRealTimers());

const QUARTER_MS = 150_000;
const traceRows = (stub: BuildStub) => rowsOf(stub, "SELECT offset_bytes, length(bytes) AS n, crc32 FROM trace");
const storedContact = async (stub: BuildStub) =>
  (await rowsOf(stub, "SELECT last_contact_at_ms AS at FROM build"))[0]?.["at"];
const changes = async (stub: BuildStub) => (await rowsOf(stub, "SELECT total_changes() AS n"))[0]?.["n"];

describe("appending", () => {
  it("goes on where the trace ends, and writes one row that carries the checksum of all before it", async () => {
    const { stub } = await runningBuild();
    expect(valueOf(await stub.append(FIRST, 0, bytesOf("hello")))).toMatchObject({ status: "running", lengthBytes: 5 });
    expect(valueOf(await stub.append(FIRST, 5, bytesOf(" wörl!")))).toMatchObject({
      status: "running",
      lengthBytes: 12,
    });
    expect(await traceOf(stub)).toBe("hello wörl!");
    expect(await traceRows(stub)).toEqual([
      { offset_bytes: 0, n: 5, crc32: crc32("hello") },
      { offset_bytes: 5, n: 7, crc32: crc32("hello wörl!") },
    ]);
  });

  it.each([0, 3, 6])("at byte %i of five is refused with where it ends, and stores nothing", async (start) => {
    const { stub } = await runningBuild();
    await stub.append(FIRST, 0, bytesOf("hell!"));
    const mismatch = { reason: "range_mismatch", lengthBytes: 5, status: "running" };
    expect(refusalOf(await stub.append(FIRST, start, bytesOf("hello")))).toEqual(mismatch);
    expect(await traceOf(stub)).toBe("hell!");
  });

  it("2 MiB in one patch makes rows of 512 KiB, and reads back as it was", async () => {
    const { stub } = await runningBuild();
    const patch = new Uint8Array(2 * 1024 * 1024 + 1).map((_, at) => (at * 7) % 251);
    expect(valueOf(await stub.append(FIRST, 0, patch)).lengthBytes).toBe(patch.length);
    expect((await traceRows(stub)).map((row) => row["n"])).toEqual([524_288, 524_288, 524_288, 524_288, 1]);
    const from = 524_288 - 5;
    expect(valueOf(await stub.readTrace(from, 10)).bytes).toEqual(patch.subarray(from, from + 10));
    const most = valueOf(await stub.readTrace(0, 1e9)).bytes;
    expect(Buffer.from(most).equals(patch.subarray(0, 1024 * 1024))).toBe(true);
  });

  it("eight times at the same offset at once takes one", async () => {
    const { stub } = await runningBuild();
    const patches = Array.from({ length: 8 }, (_, at) => stub.append(FIRST, 0, bytesOf(`patch ${at}.`)));
    const outcomes = await Promise.all(patches);
    expect(outcomes.filter((each) => each.ok).length).toBe(1);
    expect(await traceOf(stub)).toBe(`patch ${outcomes.findIndex((each) => each.ok)}.`);
  });

  it("beyond the limit fails the build and stores nothing of the patch", async () => {
    const { stub } = await runningBuild();
    await stub.append(FIRST, 0, bytesOf("log"));
    // A row as 100 MiB of trace would leave behind it, without writing them.
    await rowsOf(stub, "INSERT INTO trace (offset_bytes, bytes, crc32, at_ms) VALUES (104857599, x'61', 0, 0)");
    await evictDurableObject(stub);
    const tooLarge = { reason: "trace_too_large", limitBytes: 104_857_600, status: "failed" };
    expect(refusalOf(await stub.append(FIRST, 104_857_600, bytesOf("x")))).toEqual(tooLarge);
    expect(valueOf(await stub.summary())).toMatchObject({ status: "failed", failureReason: "trace_size_exceeded" });
    expect((await traceRows(stub)).length).toBe(2);
  });
});

describe("keep-alives without bytes", () => {
  it("are written down for the first of an attempt, then only when the stored one is older than a quarter", async () => {
    const { stub } = await runningBuild();
    expect(await storedContact(stub)).toBeNull();
    await stub.append(FIRST, 0, new Uint8Array());
    const first = Date.now();
    expect(await storedContact(stub)).toBe(first);
    const before = await changes(stub);
    for (let at = 0; at < 5; at++) {
      advance(QUARTER_MS / 5);
      await stub.append(FIRST, 0, new Uint8Array());
      await stub.report(FIRST, { kind: "keep_alive" });
    }
    expect(await storedContact(stub)).toBe(first);
    expect(await changes(stub)).toBe(before);
    advance(1);
    await stub.append(FIRST, 0, new Uint8Array());
    expect(await storedContact(stub)).toBe(first + QUARTER_MS + 1);
  });

  it("need no row where a patch has left its time", async () => {
    const { stub } = await runningBuild();
    await stub.append(FIRST, 0, bytesOf("x"));
    advance(QUARTER_MS - 1);
    await stub.append(FIRST, 1, new Uint8Array());
    expect(await storedContact(stub)).toBeNull();
  });
});

describe("a report with the whole log", () => {
  it.each<[string, string, string]>([
    ["extends what is there", "one\ntwo\n", "one\ntwo\nthree\n"],
    ["repeats what is there", "one\ntwo\n", "one\ntwo\n"],
    ["differs from some byte on", "one\ntwo\n", "one\nzwei\n"],
    ["is shorter", "one\ntwo\n", "one\n"],
    ["is empty", "one\ntwo\n", ""],
    ["is all there is", "", "one\n"],
  ])("that %s: its words count", async (_title, stored, whole) => {
    const { stub } = await runningBuild();
    await stub.append(FIRST, 0, bytesOf(stored.slice(0, 5)));
    await stub.append(FIRST, Math.min(5, stored.length), bytesOf(stored.slice(5)));
    const reported = valueOf(await stub.report(FIRST, { kind: "keep_alive" }, logOf(whole)));
    expect(reported).toMatchObject({ status: "running", lengthBytes: whole.length });
    await evictDurableObject(stub);
    expect(await traceOf(stub)).toBe(whole);
    expect(valueOf(await stub.append(FIRST, whole.length, bytesOf("!"))).lengthBytes).toBe(whole.length + 1);
    expect((await traceRows(stub)).at(-1)?.["crc32"]).toBe(crc32(`${whole}!`));
  });

  it("keeps the raw bytes that its JSON has altered", async () => {
    const { stub } = await runningBuild();
    await stub.append(FIRST, 0, Uint8Array.of(0x61, 0xff, 0x62));
    await stub.report(FIRST, { kind: "succeed" }, logOf("a\u{fffd}bc"));
    expect(valueOf(await stub.readTrace(0, 10)).bytes).toEqual(Uint8Array.of(0x61, 0xff, 0x62, 0x63));
  });

  it("is not taken from a runner whose claim went elsewhere", async () => {
    const { stub } = await runningBuild();
    await stub.release(1);
    const stale = await stub.report(FIRST, { kind: "succeed" }, logOf("not mine"));
    expect(refusalOf(stale)).toEqual({ reason: "stale_token" });
    expect(await traceOf(stub)).toBe("");
  });
});

describe("reading", () => {
  it("waits for bytes, and for the end", async () => {
    const { stub } = await runningBuild();
    const reading = stub.readTrace(0, 100, 60_000);
    await stub.append(FIRST, 0, bytesOf("new!"));
    expect(valueOf(await reading)).toEqual({ bytes: bytesOf("new!"), lengthBytes: 4, finished: false });
    const end = stub.readTrace(4, 100, 60_000);
    await stub.report(FIRST, { kind: "succeed" });
    expect(valueOf(await end)).toEqual({ bytes: bytesOf(""), lengthBytes: 4, finished: true });
  });

  it("hides the build's token, also one that comes in two patches", async () => {
    const { stub } = await pendingBuild();
    const { token } = await claim(stub);
    await stub.append(FIRST, 0, bytesOf(`token: ${token.slice(0, 20)}`));
    expect(await traceOf(stub)).toBe("token: ");
    await stub.append(FIRST, 27, bytesOf(`${token.slice(20)} end.`));
    expect(await traceOf(stub)).toBe(`token: ${"x".repeat(token.length)} end.`);
    expect(await traceOf(stub, 17, 5)).toBe("xxxxx");
  });
});

describe("the archive", () => {
  const archivedKeys = async (id: number) =>
    (await env.ARTIFACTS.list({ prefix: `builds/${id}/trace-` })).objects.map((object) => object.key);

  it("takes a finished build's trace a little later, frees the rows, and reads the same in every range", async () => {
    const { id, projectId, stub } = await runningBuild();
    const keys = tokenKeys(env);
    const secret = keys.sign({ kind: "project", queue: "default", id: projectId, epoch: 1 });
    const log = `${"line of a log\n".repeat(100_000)}${secret}\nend\n`;
    await stub.report(FIRST, { kind: "succeed" }, logOf(log));
    const ranges = [0, 5, 1024 * 1024 - 3, log.length - 40, log.length, log.length + 5];
    const read = () => Promise.all(ranges.map((offset) => traceOf(stub, offset, 1e9)));
    const before = await read();
    expect(await toNextAlarm(stub)).toBe(true);
    expect(await traceRows(stub)).toEqual([]);
    expect(await read()).toEqual(before);
    expect(before[3]).not.toContain(secret.slice(-10));
    const [key = ""] = await archivedKeys(id);
    const object = await env.ARTIFACTS.get(key);
    expect(await object?.text()).toBe(log.replace(secret, "x".repeat(secret.length)));
  });

  it("is not begun for an erased build, and goes with one that is erased later", async () => {
    const { id, stub } = await runningBuild();
    await stub.report(FIRST, { kind: "succeed" }, logOf("log"));
    await toNextAlarm(stub);
    expect((await archivedKeys(id)).length).toBe(1);
    await stub.erase(ADMINISTRATOR);
    expect(await traceOf(stub)).toBe("");
    await toNextAlarm(stub);
    expect(await archivedKeys(id)).toEqual([]);
  });

  it("gives way to an erasure that comes while it is being written", async () => {
    const { id, stub } = await runningBuild();
    await stub.report(FIRST, { kind: "succeed" }, logOf("secret ".repeat(400_000)));
    const archiving = toNextAlarm(stub);
    await stub.erase(ADMINISTRATOR);
    await archiving;
    while ((await archivedKeys(id)).length > 0 && (await toNextAlarm(stub)));
    expect(await archivedKeys(id)).toEqual([]);
    expect(await traceOf(stub)).toBe("");
    expect(await statusOf(stub)).toBe("success");
  });

  it("can't be planted by an upload", async () => {
    const { stub } = await runningBuild();
    expect(refusalOf(await stub.beginArtifact(FIRST, "trace", "raw"))).toMatchObject({ reason: "invalid" });
  });
});
