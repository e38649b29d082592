/** What a build leaves behind when it is removed: nothing, whatever else goes on. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ADMINISTRATOR } from "../../src/core/principal.ts";
import { buildStub } from "../../src/stubs.ts";
import {
  alarmOf,
  FIRST,
  holdTime,
  refusalOf,
  rowsOf,
  runningBuild,
  statusOf,
  toNextAlarm,
  valueOf,
} from "../tools/objects/objects.ts";
import type { BuildStub } from "../tools/objects/objects.ts";
import { fileOf } from "../tools/objects/spec.ts";

beforeEach(holdTime);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const tablesOf = (stub: BuildStub) => rowsOf(stub, "SELECT name FROM sqlite_master WHERE name = 'artifact'");
const objectsOf = async (id: number) => (await env.ARTIFACTS.list({ prefix: `builds/${id}/` })).objects;

/** An upload whose bytes are in R2, but which has not been committed. */
const begin = async (stub: BuildStub, text: string) => {
  const upload = valueOf(await stub.beginArtifact(FIRST, "archive", "zip"));
  await env.ARTIFACTS.put(upload.key, text);
  return upload;
};
const commit = async (stub: BuildStub, id: number) =>
  stub.commitArtifact(FIRST, id, { ...fileOf(), expiresInMs: null }, true);

describe("a build that is removed", () => {
  it("leaves nothing in R2, also not what a Worker wrote that died before it could say so", async () => {
    const { id, stub } = await runningBuild();
    valueOf(await commit(stub, (await begin(stub, "zip")).id));
    await begin(stub, "never committed");
    await env.ARTIFACTS.put(`builds/${id}/archive-of-nobody`, "lost");
    await stub.remove(id);
    expect(await objectsOf(id)).toEqual([]);
  });

  it("takes no more uploads from the moment on at which that begins", async () => {
    const { id, stub } = await runningBuild();
    const upload = await begin(stub, "zip");
    const refused = await runInDurableObject(stub, async (instance) => {
      const removing = instance.remove(id);
      const begun = instance.beginArtifact(FIRST, "archive", "zip");
      const committed = await instance.commitArtifact(FIRST, upload.id, fileOf(), true);
      await removing;
      return [begun, committed];
    });
    expect(refused.map((each) => refusalOf(each))).toEqual([
      { reason: "project_deleted" },
      { reason: "project_deleted" },
    ]);
  });

  it("leaves nothing of an upload that was under way either, whose Worker dies without a word", async () => {
    const { id, stub } = await runningBuild();
    const upload = await begin(stub, "zip");
    const parts = await env.ARTIFACTS.createMultipartUpload(upload.key);
    await stub.remove(id);
    await env.ARTIFACTS.put(upload.key, "too late");
    // Its Worker heard of the parts only now.
    await stub.noteMultipartUpload(upload.id, parts.uploadId);
    await evictDurableObject(stub);
    const again = buildStub(env, id);
    expect(refusalOf(await again.summary())).toEqual({ reason: "not_found", what: "build" });
    expect(await tablesOf(again)).not.toEqual([]);
    vi.spyOn(env.ARTIFACTS, "delete").mockRejectedValueOnce(new Error("R2 is down"));
    expect(await toNextAlarm(again)).toBe(true);
    expect(await toNextAlarm(again)).toBe(true);
    expect(await objectsOf(id)).toEqual([]);
    await expect(parts.uploadPart(1, "x")).rejects.toThrow();
    expect(await tablesOf(again)).toEqual([]);
    expect(await alarmOf(again)).toBeNull();
  });

  it("is removed once, by whichever calls: none says that it is done while another still deletes", async () => {
    const { id, stub } = await runningBuild();
    valueOf(await commit(stub, (await begin(stub, "zip")).id));
    const ends = await runInDurableObject(stub, async (instance) => {
      vi.spyOn(env.ARTIFACTS, "delete").mockRejectedValueOnce(new Error("R2 is down"));
      const calls = await Promise.allSettled([instance.remove(id), instance.remove(id)]);
      return calls.map(({ status }) => status);
    });
    expect(ends).toEqual(["rejected", "rejected"]);
    await stub.remove(id);
    expect(await objectsOf(id)).toEqual([]);
  });

  it("is not found by whoever comes late, whatever is asked of it", async () => {
    const { id, stub } = await runningBuild();
    await stub.remove(id);
    const asked = [
      await stub.summary(),
      await stub.history(),
      await stub.original(),
      await stub.cancel(ADMINISTRATOR, false),
      await stub.markRetried(1),
      await stub.erase(ADMINISTRATOR),
      await stub.keepArtifacts(),
      await stub.deleteArtifacts(null),
      await stub.dependency(),
      await stub.readTrace(0, 1),
    ];
    const unknown = { reason: "not_found", what: "build" };
    expect(asked.map((each) => refusalOf(each))).toEqual(asked.map(() => unknown));
    expect(refusalOf(await stub.artifact("archive", null))).toEqual({ reason: "not_found", what: "artifact" });
    expect(await tablesOf(stub)).toEqual([]);
  });

  it("is there again when its removal fails, and is removed by the next try", async () => {
    const { id, stub } = await runningBuild();
    valueOf(await commit(stub, (await begin(stub, "zip")).id));
    const failed = await runInDurableObject(stub, async (instance) => {
      vi.spyOn(env.ARTIFACTS, "delete").mockRejectedValueOnce(new Error("R2 is down"));
      return instance.remove(id).catch(String);
    });
    expect(failed).toBe("Error: R2 is down");
    expect(await statusOf(stub)).toBe("running");
    await stub.remove(id);
    expect(await objectsOf(id)).toEqual([]);
  });
});
