import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ADMINISTRATOR } from "../../src/core/principal.ts";
import type { Access } from "../../src/builds/access.ts";
import {
  advance,
  alarmOf,
  FIRST,
  fireAlarm,
  holdTime,
  refusalOf,
  pendingBuild,
  runnerRefOf,
  runningBuild,
  statusOf,
  toNextAlarm,
  valueOf,
} from "../tools/objects/objects.ts";
import type { BuildStub } from "../tools/objects/objects.ts";
import { fileOf } from "../tools/objects/spec.ts";

beforeEach(holdTime);
afterEach(() => void vi.useRealTimers());

const MINUTE = 60_000;
const CONSUMER: Access | null = null;

/** An upload as the Worker makes it; `commit` says what became of it. */
const begin = async (stub: BuildStub, text: string, type = "archive") => {
  const { id, key } = valueOf(await stub.beginArtifact(FIRST, type, "zip"));
  await env.ARTIFACTS.put(key, text);
  const file = fileOf({ type, sizeBytes: text.length });
  return {
    id,
    key,
    commit: (expiresInMs: number | null = null) => stub.commitArtifact(FIRST, id, { ...file, expiresInMs }, true),
  };
};
const store = async (stub: BuildStub, text: string, expiresInMs: number | null = null, type = "archive") => {
  const upload = await begin(stub, text, type);
  valueOf(await upload.commit(expiresInMs));
  return upload.key;
};
const exists = async (key: string) => (await env.ARTIFACTS.head(key)) !== null;
const finish = (stub: BuildStub) => stub.report(FIRST, { kind: "succeed" });

/** Fires alarms up to this time. */
const passTime = async (stub: BuildStub, ms: number): Promise<void> => {
  const untilMs = Date.now() + ms;
  for (let at = await alarmOf(stub); at !== null && at <= untilMs; at = await alarmOf(stub)) await toNextAlarm(stub);
  vi.setSystemTime(untilMs);
};

describe("uploads", () => {
  it("count from their commit on, and are listed then", async () => {
    const { stub } = await runningBuild();
    const upload = await begin(stub, "zip");
    expect(refusalOf(await stub.artifact("archive", CONSUMER))).toEqual({ reason: "not_found", what: "artifact" });
    expect(valueOf(await upload.commit()).build.artifacts).toMatchObject([
      { type: "archive", filename: "a.zip", sizeBytes: 3 },
    ]);
    expect(valueOf(await stub.artifact("archive", FIRST))).toMatchObject({ key: upload.key, sizeBytes: 3 });
  });

  it("are refused before the build runs and after its end, also one that has begun in time", async () => {
    const { stub } = await runningBuild();
    const upload = await begin(stub, "zip");
    await finish(stub);
    expect(refusalOf(await upload.commit())).toEqual({ reason: "not_running", status: "success" });
    expect(refusalOf(await stub.mayUpload(FIRST))).toEqual({ reason: "not_running", status: "success" });
    expect(refusalOf(await stub.artifact("archive", CONSUMER))).toMatchObject({ reason: "not_found" });
  });

  it("of an attempt whose claim went elsewhere are refused", async () => {
    const { stub } = await runningBuild();
    await stub.release(1);
    expect(refusalOf(await stub.beginArtifact(FIRST, "archive", "zip"))).toEqual({ reason: "stale_token" });
  });

  it("are a sign of life", async () => {
    const { stub } = await runningBuild();
    await begin(stub, "zip");
    await passTime(stub, 5 * MINUTE);
    expect(await statusOf(stub)).toBe("running");
  });

  it("that are given up are deleted by the next alarm", async () => {
    const { stub } = await runningBuild();
    const upload = await begin(stub, "zip");
    await stub.abandonArtifact(upload.id);
    await fireAlarm(stub);
    expect(await exists(upload.key)).toBe(false);
    expect(refusalOf(await upload.commit())).toEqual({ reason: "not_found", what: "artifact" });
  });

  it("that nobody ever hears of again are deleted after an hour", async () => {
    const { stub } = await runningBuild();
    const upload = await begin(stub, "zip");
    await finish(stub);
    await evictDurableObject(stub);
    await passTime(stub, 59 * MINUTE);
    expect(await exists(upload.key)).toBe(true);
    await passTime(stub, MINUTE);
    expect(await exists(upload.key)).toBe(false);
  });

  it("in many parts that nobody hears of again are aborted", async () => {
    const { stub } = await runningBuild();
    const { id, key } = valueOf(await stub.beginArtifact(FIRST, "archive", "zip"));
    const multipart = await env.ARTIFACTS.createMultipartUpload(key);
    await stub.noteMultipartUpload(id, multipart.uploadId);
    const part = await multipart.uploadPart(1, "part");
    await stub.abandonArtifact(id);
    await fireAlarm(stub);
    await expect(multipart.complete([part])).rejects.toThrow("multipart upload");
  });
});

describe("an artifact that must not be replaced", () => {
  const again = async (stub: BuildStub, text: string, sha256: string, type: string) => {
    const { id, key } = await begin(stub, text, type);
    return { key, outcome: await stub.commitArtifact(FIRST, id, fileOf({ type, sha256 }), false) };
  };

  it("takes the same bytes once more and stores nothing, and refuses others of its type", async () => {
    const { stub } = await runningBuild();
    expect(valueOf((await again(stub, "one", "01", "junit")).outcome).stored).toBe(true);
    const { revision } = valueOf(await stub.summary());
    expect(valueOf((await again(stub, "one", "01", "junit")).outcome).stored).toBe(false);
    const other = await again(stub, "two", "02", "junit");
    expect(refusalOf(other.outcome)).toEqual({ reason: "artifact_exists", type: "junit" });
    expect(valueOf(await stub.summary())).toMatchObject({ revision, artifacts: [{ type: "junit" }] });
  });

  it("leaves those of other types alone", async () => {
    const { stub } = await runningBuild();
    for (const type of ["archive", "junit", "sast"]) valueOf((await again(stub, type, type, type)).outcome);
    const types = valueOf(await stub.summary()).artifacts.map((each) => each.type);
    expect(types).toEqual(["archive", "junit", "sast"]);
  });

  it("is of the type that its commit names, since a form may say it after the file", async () => {
    const { stub } = await runningBuild();
    const { id } = await begin(stub, "report", "archive");
    valueOf(await stub.commitArtifact(FIRST, id, fileOf({ type: "junit", format: "gzip" }), false));
    expect(valueOf(await stub.summary()).artifacts).toMatchObject([{ type: "junit", format: "gzip" }]);
  });
});

it("the variables of a dotenv report are told to dependants as long as the report is there", async () => {
  const { stub } = await runningBuild();
  const { id } = await begin(stub, "gzip", "dotenv");
  const variables = [{ key: "VERSION", value: "1.2" }];
  valueOf(await stub.commitArtifact(FIRST, id, fileOf({ type: "dotenv", variables, expiresInMs: MINUTE }), false));
  await finish(stub);
  await evictDurableObject(stub);
  expect(valueOf(await stub.dependency()).variables).toEqual(variables);
  await passTime(stub, MINUTE);
  expect(valueOf(await stub.dependency()).variables).toEqual([]);
});

describe("stored artifacts", () => {
  it("replaced by another are deleted ten minutes later, and the other one stays", async () => {
    const { stub } = await runningBuild();
    const [first, second] = [await store(stub, "first"), await store(stub, "second")];
    expect(valueOf(await stub.artifact("archive", CONSUMER)).key).toBe(second);
    await finish(stub);
    await passTime(stub, 10 * MINUTE - 1);
    expect(await exists(first)).toBe(true);
    await passTime(stub, 1);
    expect([await exists(first), await exists(second)]).toEqual([false, true]);
  });

  it("expire for readers at once, and really ten minutes later", async () => {
    const { stub } = await runningBuild();
    const key = await store(stub, "zip", 30 * MINUTE);
    await store(stub, "xml", null, "junit");
    await finish(stub);
    await evictDurableObject(stub);
    advance(30 * MINUTE);
    expect(refusalOf(await stub.artifact("archive", CONSUMER))).toEqual({ reason: "not_found", what: "artifact" });
    expect(valueOf(await stub.summary()).artifacts.map((each) => each.type)).toEqual(["junit"]);
    await toNextAlarm(stub);
    expect(await exists(key)).toBe(true);
    await passTime(stub, 10 * MINUTE);
    expect(await exists(key)).toBe(false);
    expect(valueOf(await stub.artifact("junit", CONSUMER)).sizeBytes).toBe(3);
  });

  it("that are kept don't expire", async () => {
    const { stub } = await runningBuild();
    const key = await store(stub, "zip", 30 * MINUTE);
    valueOf(await stub.keepArtifacts());
    await finish(stub);
    await passTime(stub, 60 * MINUTE);
    expect(valueOf(await stub.artifact("archive", CONSUMER)).key).toBe(key);
  });

  it("are deleted on demand, twice as well as once", async () => {
    const { stub } = await runningBuild();
    const key = await store(stub, "zip");
    await finish(stub);
    expect(valueOf(await stub.deleteArtifacts(null)).artifacts).toEqual([]);
    const { revision } = valueOf(await stub.summary());
    expect(valueOf(await stub.deleteArtifacts(null)).revision).toBe(revision);
    await passTime(stub, 10 * MINUTE);
    expect(await exists(key)).toBe(false);
  });

  it("go with the build when it is removed, with uploads and replaced ones", async () => {
    const { id, stub } = await runningBuild();
    await store(stub, "first");
    await store(stub, "second");
    await stub.abandonArtifact((await begin(stub, "given up", "junit")).id);
    await stub.remove(id);
    expect((await env.ARTIFACTS.list({ prefix: `builds/${id}/` })).objects).toEqual([]);
    expect(await alarmOf(stub)).toBeNull();
  });

  it("make a build erasable", async () => {
    const { stub } = await runningBuild();
    const key = await store(stub, "zip");
    await finish(stub);
    expect(valueOf(await stub.erase(ADMINISTRATOR)).artifacts).toEqual([]);
    expect(refusalOf(await stub.deleteArtifacts(null))).toMatchObject({ reason: "erased" });
    await passTime(stub, 10 * MINUTE);
    expect(await exists(key)).toBe(false);
  });
});

describe("after the end of the build", () => {
  const ended = async (legacy: boolean) => {
    const { id, stub } = await runningBuild({}, runnerRefOf({ legacy }));
    const key = await store(stub, "zip");
    valueOf(await stub.report(FIRST, { kind: "succeed" }));
    return { id, stub, key };
  };
  const over = { reason: "not_running", status: "success" };

  it("the token of a legacy runner still opens its own archive, and deletes nothing", async () => {
    const { stub, key } = await ended(true);
    expect(valueOf(await stub.artifact("archive", FIRST)).key).toBe(key);
    expect(refusalOf(await stub.deleteArtifacts(FIRST))).toEqual(over);
    expect(valueOf(await stub.artifact("archive", CONSUMER)).key).toBe(key);
  });

  it("the token of today's runners opens and deletes nothing", async () => {
    const { stub, key } = await ended(false);
    expect(refusalOf(await stub.artifact("archive", FIRST))).toEqual(over);
    expect(refusalOf(await stub.deleteArtifacts(FIRST))).toEqual(over);
    expect(valueOf(await stub.artifact("archive", CONSUMER)).key).toBe(key);
  });

  it("the project's token opens and deletes it as before", async () => {
    const { stub, key } = await ended(false);
    const { projectId } = valueOf(await stub.summary());
    const access: Access = { by: "project", projectId };
    expect(valueOf(await stub.artifact("archive", access)).key).toBe(key);
    expect(valueOf(await stub.deleteArtifacts(access)).artifacts).toEqual([]);
  });
});

describe("a build whose dependency", () => {
  const failed = (why: string) => ({ status: "failed", failureReason: "missing_dependency_failure", why });

  it.each([
    { what: "has its artifacts", lose: async () => {}, outcome: "claimed" },
    { what: "lost them when they expired", lose: (stub: BuildStub) => passTime(stub, 5 * MINUTE), outcome: "expired" },
    {
      what: "was erased with them",
      lose: async (stub: BuildStub) => void valueOf(await stub.erase(ADMINISTRATOR)),
      outcome: "erased",
    },
    {
      what: "had them deleted by hand",
      lose: async (stub: BuildStub) => void valueOf(await stub.deleteArtifacts(CONSUMER)),
      outcome: "claimed",
    },
  ])("$what is $outcome", async ({ lose, outcome }) => {
    const producer = await runningBuild({ name: "producer" });
    await store(producer.stub, "zip", 5 * MINUTE);
    valueOf(await producer.stub.report(FIRST, { kind: "succeed" }));
    await lose(producer.stub);
    const { stub } = await pendingBuild({ dependencies: [producer.id] });
    const claimed = await stub.claim({ revision: 1, runner: runnerRefOf(), twoPhase: false });
    if (outcome === "claimed") return expect(valueOf(claimed).summary.status).toBe("running");
    expect(refusalOf(claimed)).toMatchObject({ reason: "not_claimable" });
    const { status, failureReason } = valueOf(await stub.summary());
    const why = valueOf(await stub.history()).at(-1)?.detail;
    const detail = `artifacts of its dependencies are gone: producer (${producer.id}): ${outcome}`;
    expect({ status, failureReason, why }).toEqual(failed(detail));
  });

  it("never had any artifacts is claimed, erased or not", async () => {
    const producer = await runningBuild();
    valueOf(await producer.stub.append(FIRST, 0, new TextEncoder().encode("log")));
    valueOf(await producer.stub.report(FIRST, { kind: "succeed" }));
    valueOf(await producer.stub.erase(ADMINISTRATOR));
    const { stub } = await pendingBuild({ dependencies: [producer.id] });
    const claimed = await stub.claim({ revision: 1, runner: runnerRefOf(), twoPhase: false });
    expect(valueOf(claimed).summary.status).toBe("running");
  });
});
