import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { ADMINISTRATOR } from "../../src/core/principal.ts";
import { tokenKeys } from "../../src/settings.ts";
import { buildStub } from "../../src/stubs.ts";
import {
  attempt,
  bytesOf,
  claim,
  FIRST,
  inputOf,
  pendingBuild,
  refusalOf,
  rowsOf,
  runnerRefOf,
  runningBuild,
  statusOf,
  logOf,
  traceOf,
  uniqueId,
  valueOf,
} from "../tools/objects/objects.ts";
import type { BuildStub } from "../tools/objects/objects.ts";

describe("making a build", () => {
  it("twice makes one", async () => {
    const [id, projectId] = [uniqueId(), uniqueId()];
    const stub = buildStub(env, id);
    const first = valueOf(await stub.create(inputOf(id, projectId, { name: "first" })));
    const second = valueOf(await stub.create(inputOf(id, projectId, { name: "second" })));
    expect(first).toMatchObject({ id, projectId, name: "first", status: "pending", revision: 1, attempt: 0 });
    expect(second).toEqual(first);
    expect(valueOf(await stub.history()).map((entry) => entry.event)).toEqual(["create", "enqueue"]);
  });

  it("is the only thing that makes one: whatever else is asked of an unknown build leaves no tables behind", async () => {
    const stub = buildStub(env, uniqueId());
    const unknown = { reason: "not_found", what: "build" };
    expect(refusalOf(await stub.summary())).toEqual(unknown);
    expect(refusalOf(await stub.claim({ revision: 1, runner: runnerRefOf(), twoPhase: false }))).toEqual(unknown);
    expect(refusalOf(await stub.cancel(ADMINISTRATOR, false))).toEqual(unknown);
    expect(refusalOf(await stub.erase(ADMINISTRATOR))).toEqual(unknown);
    expect(refusalOf(await stub.readTrace(0, 10))).toEqual(unknown);
    expect(refusalOf(await stub.deleteArtifacts(null))).toEqual(unknown);
    expect(refusalOf(await stub.append(FIRST, 0, bytesOf("x")))).toEqual({ reason: "project_deleted" });
    expect(await rowsOf(stub, "SELECT name FROM sqlite_master WHERE name IN ('build', 'migrations')")).toEqual([]);
  });
});

describe("claiming", () => {
  it("gives the runner a token of its attempt, and what it is to do", async () => {
    const build = await pendingBuild({ script: ["make all"] });
    const claimed = await claim(build.stub, runnerRefOf({ id: 12 }));
    const keys = tokenKeys(env);
    expect(keys.verify(claimed.token)).toEqual({ kind: "build", queue: "default", id: build.id, attempt: 1 });
    expect(claimed).toMatchObject({
      spec: { script: ["make all"] },
      summary: { status: "running", runner: { id: 12 } },
    });
  });

  it("is for one: of twenty at the same revision one gets the build", async () => {
    const { stub } = await pendingBuild();
    const claims = await Promise.all(
      Array.from({ length: 20 }, () => stub.claim({ revision: 1, runner: runnerRefOf(), twoPhase: false })),
    );
    expect(claims.filter((each) => each.ok).length).toBe(1);
    const refusals = claims.map(refusalOf).filter((each) => each !== null);
    for (const refusal of refusals)
      expect(refusal).toEqual({ reason: "not_claimable", revision: 2, status: "running" });
  });

  it("in two phases leaves the build pending until its runner says that it runs", async () => {
    const { stub } = await pendingBuild();
    await claim(stub, runnerRefOf(), true);
    expect(await statusOf(stub)).toBe("pending");
    expect(valueOf(await stub.report(FIRST, { kind: "prepare" })).status).toBe("pending");
    expect(valueOf(await stub.report(FIRST, { kind: "confirm" })).status).toBe("running");
    expect(refusalOf(await stub.report(FIRST, { kind: "prepare" }))).toMatchObject({ reason: "already_running" });
    expect(valueOf(await stub.append(FIRST, 0, bytesOf("now"))).lengthBytes).toBe(3);
  });

  it.each([
    ["writes its trace", async (stub: BuildStub) => valueOf(await stub.append(FIRST, 0, bytesOf("on with it")))],
    ["uploads", async (stub: BuildStub) => valueOf(await stub.beginArtifact(FIRST, "archive", "zip"))],
  ])("in two phases is confirmed as well by a runner that %s: its word was lost, and it goes on", async (_, act) => {
    const { stub } = await pendingBuild();
    await claim(stub, runnerRefOf(), true);
    await act(stub);
    await evictDurableObject(stub);
    expect(await statusOf(stub)).toBe("running");
  });

  it("in two phases may end before it was confirmed, of a runner that can't run the build", async () => {
    const { stub } = await pendingBuild();
    await claim(stub, runnerRefOf(), true);
    const failed = { kind: "fail", reason: "runner_system_failure", exitCode: null } as const;
    expect(valueOf(await stub.report(FIRST, failed)).status).toBe("failed");
  });

  it("of a dependant brings its dependencies' download tokens, and skips those that are gone", async () => {
    const dependency = await runningBuild({ name: "compile" });
    const { id, stub } = await pendingBuild({ dependencies: [dependency.id, uniqueId()] });
    const { dependencies } = await claim(stub);
    expect(dependencies.map((each) => each.build.name)).toEqual(["compile"]);
    const keys = tokenKeys(env);
    const token = { kind: "download", queue: "default", id: dependency.id, dependant: id, attempt: 1 };
    expect(keys.verify(dependencies[0]?.downloadToken ?? "")).toEqual(token);
    expect(await stub.holder(1)).toMatchObject({ ok: true });
    await stub.report(FIRST, { kind: "succeed" });
    expect(await stub.holder(1)).toMatchObject({ ok: false, refusal: { reason: "not_running" } });
  });

  it("given back unanswered makes the old token stale, and the next attempt has its own", async () => {
    const { stub } = await runningBuild();
    await stub.release(1);
    expect(await statusOf(stub)).toBe("pending");
    expect(refusalOf(await stub.append(FIRST, 0, bytesOf("x")))).toEqual({ reason: "stale_token" });
    await claim(stub);
    expect(refusalOf(await stub.append(FIRST, 0, bytesOf("x")))).toEqual({ reason: "stale_token" });
    expect(valueOf(await stub.append(attempt(2), 0, bytesOf("x"))).lengthBytes).toBe(1);
  });
});

describe("reporting", () => {
  it("a final state ends the build, and once more changes nothing", async () => {
    const { stub } = await runningBuild();
    const failed = { kind: "fail", reason: "script_failure", exitCode: 3 } as const;
    expect(valueOf(await stub.report(FIRST, failed, logOf("log"))).status).toBe("failed");
    const before = valueOf(await stub.summary());
    expect(valueOf(await stub.report(FIRST, failed, logOf("another log"))).lengthBytes).toBe(3);
    expect(valueOf(await stub.summary())).toEqual(before);
    expect(refusalOf(await stub.report(FIRST, { kind: "succeed" }))).toMatchObject({ reason: "not_running" });
  });

  it("is for the runner that holds the build, and for tokens of its attempt", async () => {
    const { stub } = await runningBuild({}, runnerRefOf({ id: 12 }));
    const other = { by: "runner", runnerId: 13 } as const;
    expect(refusalOf(await stub.report(other, { kind: "succeed" }))).toMatchObject({ reason: "not_running" });
    expect(refusalOf(await stub.report(attempt(2), { kind: "succeed" }))).toEqual({ reason: "stale_token" });
    const own = { by: "runner", runnerId: 12 } as const;
    expect(valueOf(await stub.report(own, { kind: "succeed" })).status).toBe("success");
  });
});

describe("controlling", () => {
  it("a cancel is told to the runner that keeps writing, and nothing of it is stored", async () => {
    const { stub } = await runningBuild();
    await stub.append(FIRST, 0, bytesOf("before"));
    expect(valueOf(await stub.cancel(ADMINISTRATOR, false)).status).toBe("canceled");
    expect(refusalOf(await stub.append(FIRST, 6, bytesOf(" after")))).toEqual({
      reason: "trace_closed",
      status: "canceled",
      lengthBytes: 6,
    });
    expect(await traceOf(stub)).toBe("before");
    expect(refusalOf(await stub.report(FIRST, { kind: "succeed" }))).toMatchObject({ status: "canceled" });
  });

  it("a cancel lets a runner that can wind down write on, and force doesn't", async () => {
    const { stub } = await runningBuild({}, runnerRefOf({ cancelGracefully: true }));
    expect(valueOf(await stub.cancel(ADMINISTRATOR, false)).status).toBe("canceling");
    expect(valueOf(await stub.append(FIRST, 0, bytesOf("cleaning")))).toMatchObject({
      status: "canceling",
      lengthBytes: 8,
    });
    expect(valueOf(await stub.cancel(ADMINISTRATOR, true)).status).toBe("canceled");
  });

  it("erasing removes the trace and keeps the record; the runner is refused from then on", async () => {
    const { stub } = await runningBuild();
    expect(refusalOf(await stub.erase(ADMINISTRATOR))).toEqual({ reason: "not_erasable" });
    await stub.report(FIRST, { kind: "succeed" }, logOf("secret"));
    expect(valueOf(await stub.erase(ADMINISTRATOR))).toMatchObject({ status: "success", artifacts: [] });
    expect(await traceOf(stub)).toBe("");
    expect(await rowsOf(stub, "SELECT * FROM trace")).toEqual([]);
    expect(refusalOf(await stub.append(FIRST, 6, bytesOf("x")))).toEqual({ reason: "erased", status: "success" });
    expect(refusalOf(await stub.report(FIRST, { kind: "succeed" }))).toMatchObject({ reason: "erased" });
  });

  it("a second retry names the first", async () => {
    const { stub } = await runningBuild();
    await stub.report(FIRST, { kind: "succeed" });
    expect(valueOf(await stub.markRetried(77)).retriedAs).toBe(77);
    expect(refusalOf(await stub.markRetried(78))).toEqual({ reason: "not_retryable", retriedAs: 77 });
  });

  it("a removed runner ends what it runs at once", async () => {
    const { stub } = await runningBuild({}, runnerRefOf({ id: 12 }));
    await stub.loseRunner(13);
    expect(await statusOf(stub)).toBe("running");
    await stub.loseRunner(12);
    expect(valueOf(await stub.summary())).toMatchObject({ status: "failed", failureReason: "runner_system_failure" });
  });
});

describe("memory is dispensable", () => {
  it("a build that is evicted after each step lives the same life", async () => {
    const { stub } = await pendingBuild();
    const evicted = async <T>(result: T): Promise<T> => {
      await evictDurableObject(stub);
      return result;
    };
    await evicted(await claim(stub));
    expect(valueOf(await evicted(await stub.append(FIRST, 0, bytesOf("one ")))).lengthBytes).toBe(4);
    expect(valueOf(await evicted(await stub.append(FIRST, 4, bytesOf("two ")))).lengthBytes).toBe(8);
    const repeated = await evicted(await stub.append(FIRST, 4, bytesOf("two ")));
    expect(refusalOf(repeated)).toEqual({ reason: "range_mismatch", lengthBytes: 8, status: "running" });
    expect(valueOf(await evicted(await stub.report(FIRST, { kind: "keep_alive" }))).status).toBe("running");
    const ended = await evicted(await stub.report(FIRST, { kind: "succeed" }, logOf("one two three")));
    expect(valueOf(ended)).toMatchObject({ status: "success", lengthBytes: 13 });
    expect(valueOf(await evicted(await stub.report(FIRST, { kind: "succeed" }))).status).toBe("success");
    expect(await traceOf(stub)).toBe("one two three");
    const events = valueOf(await stub.history()).map((entry) => entry.event);
    expect(events).toEqual(["create", "enqueue", "claim", "succeed"]);
  });
});
