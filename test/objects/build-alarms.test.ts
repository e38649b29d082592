import { ADMINISTRATOR } from "../../src/core/principal.ts";
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  advance,
  alarmOf,
  attempt,
  bytesOf,
  claim,
  fireAlarm,
  FIRST,
  holdTime,
  lastEvent,
  pendingBuild,
  refusalOf,
  rowsOf,
  runnerRefOf,
  runningBuild,
  statusOf,
  logOf,
  msToChange,
  toNextAlarm,
  valueOf,
} from "../tools/objects/objects.ts";

beforeEach(holdTime);
afterEach(() => void vi.useRealTimers());

const SECOND = 1000;
const LEASE = 120 * SECOND;
const STUCK = 600 * SECOND;
const DAY = 86_400 * SECOND;

describe("a build that nobody speaks for", () => {
  it("comes back when its claim was lost, with another attempt", async () => {
    const { stub } = await runningBuild();
    expect(await msToChange(stub)).toBe(LEASE);
    expect(await lastEvent(stub)).toBe("lose_claim");
    expect(refusalOf(await stub.append(FIRST, 0, bytesOf("late")))).toEqual({ reason: "stale_token" });
    expect((await claim(stub)).summary).toMatchObject({ status: "running", attempt: 2 });
  });

  it("fails when three claims were lost", async () => {
    const { stub } = await pendingBuild();
    for (const lost of [1, 2, 3]) {
      expect(await statusOf(stub)).toBe("pending");
      expect((await claim(stub)).summary.attempt).toBe(lost);
      expect(await msToChange(stub)).toBe(LEASE);
    }
    expect(valueOf(await stub.summary())).toMatchObject({ status: "failed", failureReason: "scheduler_failure" });
  });

  it("comes back when a two-phase runner never confirmed, however often it said `pending`", async () => {
    const { stub } = await pendingBuild();
    await claim(stub, runnerRefOf(), true);
    advance(100 * SECOND);
    await stub.report(FIRST, { kind: "keep_alive" });
    expect(await msToChange(stub)).toBe(LEASE);
    expect(await lastEvent(stub)).toBe("lose_claim");
  });

  it("stays with a two-phase runner that said `pending`, also when it is evicted right after that", async () => {
    const { stub } = await pendingBuild();
    await claim(stub, runnerRefOf(), true);
    for (const contact of [1, 2, 3]) {
      advance(LEASE - SECOND);
      valueOf(await stub.report(FIRST, { kind: "prepare" }));
      await evictDurableObject(stub);
      await fireAlarm(stub);
      expect(await statusOf(stub), `contact ${contact}`).toBe("pending");
      expect(valueOf(await stub.holder(1)).attempt).toBe(1);
    }
  });

  it("fails when its runner falls silent, also when it is evicted meanwhile", async () => {
    const { stub } = await runningBuild();
    await stub.append(FIRST, 0, bytesOf("last words"));
    await evictDurableObject(stub);
    expect(await msToChange(stub)).toBe(STUCK);
    expect(valueOf(await stub.summary())).toMatchObject({ status: "failed", failureReason: "runner_system_failure" });
  });

  it("fails when no runner took it in time", async () => {
    const { stub } = await pendingBuild();
    expect(await msToChange(stub)).toBe(DAY);
    expect(valueOf(await stub.summary())).toMatchObject({ failureReason: "stuck_or_timeout_failure" });
  });

  it("ends as canceled when its runner doesn't wind down", async () => {
    const { stub } = await runningBuild({}, runnerRefOf({ cancelGracefully: true }));
    await stub.cancel(ADMINISTRATOR, false);
    expect(await msToChange(stub)).toBe(300 * SECOND);
    expect(await statusOf(stub)).toBe("canceled");
  });
});

describe("a build that its runner speaks for", () => {
  it("lives on by keep-alives alone past the limit of silence, until its timeout and a grace are over", async () => {
    const { stub } = await runningBuild({ timeoutSeconds: 1800 });
    for (let minutes = 0; minutes < 35; minutes += 5) {
      await stub.append(FIRST, 0, new Uint8Array());
      advance(300 * SECOND);
      await fireAlarm(stub);
      expect(await statusOf(stub)).toBe("running");
    }
    await stub.append(FIRST, 0, new Uint8Array());
    advance(300 * SECOND);
    await fireAlarm(stub);
    expect(valueOf(await stub.summary())).toMatchObject({ status: "failed", failureReason: "job_execution_timeout" });
  });

  it("sets no alarm for its patches: the one that is set looks, and is set anew", async () => {
    const { stub } = await runningBuild();
    await fireAlarm(stub);
    const armed = Date.now() + LEASE;
    advance(60 * SECOND);
    await stub.append(FIRST, 0, bytesOf("x"));
    const contactMs = Date.now();
    expect(await alarmOf(stub)).toBe(armed);
    await toNextAlarm(stub);
    expect(await statusOf(stub)).toBe("running");
    expect(await alarmOf(stub)).toBe(contactMs + STUCK);
  });
});

describe("an alarm that comes late", () => {
  it("after an outage longer than the limit of silence grants one fresh window, and the next one ends the build", async () => {
    const { stub } = await runningBuild();
    await stub.append(FIRST, 0, bytesOf("x"));
    const scheduledTime = Date.now() + STUCK;
    advance(STUCK + 31 * SECOND);
    await fireAlarm(stub, { scheduledTime });
    expect(await lastEvent(stub)).toBe("survive_outage");
    expect(await statusOf(stub)).toBe("running");
    expect(await msToChange(stub)).toBe(STUCK);
    expect(await lastEvent(stub)).toBe("go_silent");
  });

  it("by less than 30 s grants none", async () => {
    const { stub } = await runningBuild();
    const scheduledTime = Date.now() + LEASE;
    advance(LEASE + 29 * SECOND);
    await fireAlarm(stub, { scheduledTime });
    expect(await lastEvent(stub)).toBe("lose_claim");
  });
});

describe("an alarm that fails", () => {
  it("is tried again a minute later, not at once and not never", async () => {
    const { stub } = await runningBuild();
    const begun = valueOf(await stub.beginArtifact(FIRST, "archive", "zip"));
    // A key that no bucket takes: deleting it fails each time.
    await rowsOf(stub, `UPDATE artifact SET r2_key = '${"k".repeat(2000)}'`);
    await stub.abandonArtifact(begun.id);
    await fireAlarm(stub);
    expect(await alarmOf(stub)).toBe(Date.now() + 60 * SECOND);
    await toNextAlarm(stub);
    expect(await alarmOf(stub)).toBe(Date.now() + 60 * SECOND);
  });
});

describe("retention", () => {
  it("removes a finished build with all that it has, and sets no alarm any more", async () => {
    const { id, stub } = await runningBuild();
    const { key } = valueOf(await stub.beginArtifact(FIRST, "junit", "gzip"));
    await env.ARTIFACTS.put(key, "xml");
    await stub.report(FIRST, { kind: "succeed" }, logOf("log"));
    const endMs = Date.now();
    while (await toNextAlarm(stub)) if (Date.now() > endMs + 90 * DAY) throw new Error("it is still there");
    expect(Date.now()).toBe(endMs + 90 * DAY);
    expect((await stub.summary()).ok).toBe(false);
    expect((await env.ARTIFACTS.list({ prefix: `builds/${id}/` })).objects).toEqual([]);
    expect(await rowsOf(stub, "SELECT name FROM sqlite_master WHERE name = 'build'")).toEqual([]);
    expect((await stub.append(attempt(1), 0, bytesOf("x"))).ok).toBe(false);
  });
});
