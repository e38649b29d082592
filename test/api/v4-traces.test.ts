import { env } from "cloudflare:workers";
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, test, vi } from "vitest";
import { consumerRoutes } from "../../src/api/v4/routes.ts";
import { BuildObject } from "../../src/builds/object.ts";
import { buildStub, projectStub } from "../../src/stubs.ts";
import { append, claim, consumer, createJob, createProject, finish } from "../tools/objects/fixtures.ts";
import { registerRunner, startJob } from "../tools/objects/fixtures.ts";

const MIB = 1024 * 1024;
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** `toEqual` takes seconds for a mebibyte. */
const isSame = async (response: Response, bytes: Uint8Array): Promise<boolean> =>
  Buffer.from(await response.arrayBuffer()).equals(bytes);

/** Reads a body piece by piece, as a viewer does. */
class Follower {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly bytes: number[] = [];

  constructor(response: Response) {
    if (response.body === null) throw new Error("there is no body");
    this.#reader = response.body.getReader();
  }

  static async of(path: string): Promise<Follower> {
    return new Follower(await consumer("GET", `${path}/trace?follow=true`));
  }

  /** Reads until there are so many bytes, or to the end; answers with all of them as text. */
  async readTo(length: number): Promise<string> {
    while (this.bytes.length < length) {
      const { done, value } = await this.#reader.read();
      if (done) break;
      this.bytes.push(...value);
    }
    return new TextDecoder().decode(Uint8Array.from(this.bytes));
  }

  leave(): Promise<void> {
    return this.#reader.cancel();
  }
}

describe("a log as it is now", () => {
  test("is plain text under the job's number", async () => {
    const { path, job, claimed } = await startJob();
    await append(claimed, 0, "größe\n");
    const response = await consumer("GET", `${path}/trace`);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "content-disposition": `inline; filename="${job.id}.log"`,
      "accept-ranges": "bytes",
    });
    expect(await response.text()).toBe("größe\n");
  });

  test("of a job that has none is empty", async () => {
    const project = await createProject();
    const job = await createJob(project.id);
    const response = await consumer("GET", `/projects/${project.id}/jobs/${job.id}/trace`);
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  test("comes out byte for byte, text or not, however long", async () => {
    const { path, claimed } = await startJob();
    const bytes = Uint8Array.from({ length: 2 * MIB + 12_345 }, (_, index) => (index * 7) % 251);
    for (let start = 0; start < bytes.length; start += MIB)
      await append(claimed, start, bytes.slice(start, start + MIB));
    const whole = await consumer("GET", `${path}/trace`);
    expect(await isSame(whole, bytes)).toBe(true);
    const middle = await consumer("GET", `${path}/trace`, { headers: { Range: `bytes=${MIB - 5}-${2 * MIB + 5}` } });
    expect(middle.headers.get("Content-Range")).toBe(`bytes ${MIB - 5}-${2 * MIB + 5}/${bytes.length}`);
    expect(await isSame(middle, bytes.slice(MIB - 5, 2 * MIB + 6))).toBe(true);
  });

  test.each([
    ["bytes=0-2", 206, "012", "bytes 0-2/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-1", 206, "9", "bytes 9-9/10"],
    ["bytes=10-", 416, "", "bytes */10"],
    ["bytes=0-1,3-4", 200, "0123456789", null],
  ])("with Range %s is answered with %i", async (range, status, text, contentRange) => {
    const { path, claimed } = await startJob();
    await append(claimed, 0, "0123456789");
    const response = await consumer("GET", `${path}/trace`, { headers: { Range: range } });
    expect([response.status, await response.text()]).toEqual([status, text]);
    expect(response.headers.get("Content-Range")).toBe(contentRange);
  });

  test("shows each byte of the job's token and the project's as x", async () => {
    const { path, project, claimed } = await startJob();
    const { token } = claimed;
    const half = token.length / 2;
    const runnersToken = project["runners_token"] as string;
    const first = await append(claimed, 0, `a ${token.slice(0, half)}`);
    await append(claimed, first, `${token.slice(half)} b ${runnersToken} c`);
    const text = await (await consumer("GET", `${path}/trace`)).text();
    expect(text).toBe(`a ${"x".repeat(token.length)} b ${"x".repeat(runnersToken.length)} c`);
  });

  test("is not sent for HEAD, but its headers are", async () => {
    const { path, claimed } = await startJob();
    await append(claimed, 0, "log");
    for (const query of ["", "?follow=true"]) {
      const response = await consumer("HEAD", `${path}/trace${query}`);
      expect([response.status, await response.text()]).toEqual([200, ""]);
      expect(response.headers.get("Content-Type")).toContain("text/plain");
    }
  });

  test("with a follow that is neither true nor false is refused", async () => {
    const { path } = await startJob();
    expect((await consumer("GET", `${path}/trace?follow=maybe`)).status).toBe(400);
  });
});

describe("following a log", () => {
  test("brings each patch as it comes, and ends with the build", async () => {
    const { path, claimed } = await startJob();
    await append(claimed, 0, "one\n");
    const follower = await Follower.of(path);
    expect(await follower.readTo(4)).toBe("one\n");
    const next = follower.readTo(8);
    await append(claimed, 4, "two\n");
    expect(await next).toBe("one\ntwo\n");
    const rest = follower.readTo(Infinity);
    await append(claimed, 8, "three\n");
    await finish(claimed);
    expect(await rest).toBe("one\ntwo\nthree\n");
  });

  test("begins before the job does", async () => {
    const project = await createProject();
    const job = await createJob(project.id);
    const follower = await Follower.of(`/projects/${project.id}/jobs/${job.id}`);
    const all = follower.readTo(Infinity);
    const claimed = await claim(await registerRunner(project.id));
    await append(claimed, 0, "late\n");
    await finish(claimed);
    expect(await all).toBe("late\n");
  });

  test("of a finished or a canceled job ends at once", async () => {
    const { path, claimed } = await startJob();
    await append(claimed, 0, "all of it");
    await consumer("POST", `${path}/cancel`);
    const shown = await (await Follower.of(path)).readTo(Infinity);
    expect(shown).toBe("all of it\n\u001b[33;1mSignalbox ended this log: canceled by admin\u001b[0m\n");
    expect(await (await consumer("GET", `${path}/trace`)).text()).toBe(shown);
  });

  test("brings the same bytes of a character that two patches share", async () => {
    const { path, claimed } = await startJob();
    const [first = 0, ...others] = utf8("€");
    const follower = await Follower.of(path);
    const begun = follower.readTo(1);
    await append(claimed, 0, Uint8Array.of(first));
    await begun;
    expect(follower.bytes).toEqual([first]);
    await append(claimed, 1, Uint8Array.from(others));
    await finish(claimed);
    expect(await follower.readTo(Infinity)).toBe("€");
  });

  test("never shows a part of a token whose rest is yet to come", async () => {
    const { path, claimed } = await startJob();
    const { token } = claimed;
    const follower = await Follower.of(path);
    const begun = await append(claimed, 0, `a ${token.slice(0, 20)}`);
    expect(await follower.readTo(2)).toBe("a ");
    await append(claimed, begun, `${token.slice(20)} b`);
    await finish(claimed);
    expect(await follower.readTo(Infinity)).toBe(`a ${"x".repeat(token.length)} b`);
  });

  test("goes on where it was when the build's object is restarted under it", async () => {
    const { path, job, claimed } = await startJob();
    await append(claimed, 0, "before\n");
    const follower = await Follower.of(path);
    await follower.readTo(7);
    const all = follower.readTo(Infinity);
    await expect(
      runInDurableObject(buildStub(env, job.id), async (_build, state) => {
        await state.storage.sync();
        state.abort("restarted");
      }),
    ).rejects.toThrow("restarted");
    await append(claimed, 7, "after\n");
    await finish(claimed);
    expect(await all).toBe("before\nafter\n");
  });

  test("ends when its project is deleted", async () => {
    const { path, project, claimed } = await startJob();
    const follower = await Follower.of(path);
    await append(claimed, 0, "last words");
    await follower.readTo(10);
    const all = follower.readTo(Infinity);
    await consumer("DELETE", `/projects/${project.id}`);
    await runDurableObjectAlarm(projectStub(env, project.id));
    expect(await all).toBe("last words");
  });

  test("asks the build no more when the viewer has left", async () => {
    const { path, claimed } = await startJob();
    // Not by way of the server, which would end all that the request does.
    const headers = { "PRIVATE-TOKEN": "test-admin-token" };
    const follower = new Follower(await consumerRoutes.request(`${path}/trace?follow=true`, { headers }, env));
    const reads = vi.spyOn(BuildObject.prototype, "readTrace");
    const all = follower.readTo(Infinity);
    await expect.poll(() => reads.mock.calls.length).toBe(1);
    await follower.leave();
    expect(await all).toBe("");
    // Each sign of life wakes those who wait.
    for (let count = 0; count < 3; count++) await append(claimed, 0, "");
    await finish(claimed);
    expect(reads).toHaveBeenCalledTimes(1);
    reads.mockRestore();
  });
});
