import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { ADMINISTRATOR } from "../../src/core/principal.ts";
import { app } from "../../src/app.ts";
import { buildStub } from "../../src/stubs.ts";
import type { RunningBuild } from "../tools/clients/legacy-api.ts";
import {
  claim,
  enqueue,
  legacy,
  newProject,
  newRunner,
  ORIGIN,
  patch,
  runnersToken,
  runningBuild,
  summaryOf,
  traceBytes,
  traceText,
} from "../tools/clients/legacy-api.ts";

const report = (id: number | string, json: object) => legacy("PUT", `/builds/${id}.json`, { json });

const statusOf = async ({ build }: RunningBuild) => (await summaryOf(build.id)).status;

describe("the trace in a report", () => {
  test.each([
    ["replaces what is stored", { trace: "something else" }, "something else"],
    ["extends what it repeats", { trace: "hello world" }, "hello world"],
    ["cuts what goes beyond it", { trace: "hell" }, "hell"],
    ["that is empty empties", { trace: "" }, ""],
    ["that is absent leaves what is stored", {}, "hello"],
    ["that is null leaves what is stored", { trace: null }, "hello"],
  ])("%s", async (_what, fields, expected) => {
    for (const state of ["running", "success"]) {
      const { runner, build } = await runningBuild();
      await patch(build, 0, "hello");
      expect((await report(build.id, { token: runner.token, state, ...fields })).status).toBe(200);
      expect(await traceText(build.id)).toBe(expected);
    }
  });

  test("comes out byte by byte as it went in, several megabytes with control characters and escapes", async () => {
    const { runner, build } = await runningBuild();
    const line = `\u001b[0;m\u0000\u0007\r\t"\\ \u007f \u2028 é 日本 😀 ${"x".repeat(40)}\n`;
    const trace = line.repeat(45_000);
    const json = JSON.stringify({ token: runner.token, state: "success", trace });
    const escaped = json.replaceAll(
      /[^\x20-\x7e]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    const headers = { "Content-Type": "application/json" };
    expect((await legacy("PUT", `/builds/${build.id}.json`, { body: escaped, headers })).status).toBe(200);
    const expected = new TextEncoder().encode(trace);
    expect(expected.length).toBeGreaterThan(3_000_000);
    expect(Buffer.compare(await traceBytes(build.id), expected)).toBe(0);
  });

  test("keeps the bytes of the patches where the log is not UTF-8, and adds what they don't have", async () => {
    const { runner, build } = await runningBuild();
    const bytes = Uint8Array.of(0x61, 0xff, 0xe6, 0x97, 0x62, 0xed, 0xa0, 0x80, 0x0a);
    expect(await runner.appendTrace(build, 0, bytes)).toMatchObject({ status: 202, length: bytes.length });
    const asGoWritesIt = "a\ufffd\ufffd\ufffdb\ufffd\ufffd\ufffd\n";
    expect(await runner.update(build.id, "success", `${asGoWritesIt}Job succeeded\n`)).toBe(200);
    expect(await traceBytes(build.id)).toEqual(Uint8Array.of(...bytes, ...new TextEncoder().encode("Job succeeded\n")));
  });

  test("is refused with 403, which ends the runner's tries, when the body is larger than 64 MiB", async () => {
    const { runner, build } = await runningBuild();
    const request = new Request(`${ORIGIN}/ci/api/v1/builds/${build.id}`, {
      method: "PUT",
      headers: { "Content-Type": "application/json", "Content-Length": String(64 * 1024 * 1024 + 1) },
      body: JSON.stringify({ token: runner.token, state: "success" }),
    });
    const response = await app.fetch(request, env);
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({ message: expect.stringContaining("67108864 at most") });
    expect((await summaryOf(build.id)).status).toBe("running");
  });
});

describe("the state in a report", () => {
  test.each([
    ["success", "success"],
    ["failed", "failed"],
    ["running", "running"],
    ["pending", "running"],
    ["canceled", "running"],
    ["SUCCESS", "running"],
    ["", "running"],
    ["constructor", "running"],
    ["__proto__", "running"],
    [undefined, "running"],
  ])("%s leaves the build %s", async (state, status) => {
    const running = await runningBuild();
    expect((await report(running.build.id, { token: running.runner.token, state })).status).toBe(200);
    expect(await statusOf(running)).toBe(status);
  });

  test.each(["success", "failed"] as const)(
    "%s once more is 200 and changes nothing; any other is 404",
    async (state) => {
      const running = await runningBuild();
      const { runner, build } = running;
      expect(await runner.update(build.id, state, "the log")).toBe(200);
      const summary = await summaryOf(build.id);
      expect(await runner.update(build.id, state, "another log")).toBe(200);
      for (const other of ["success", "failed", "running"] as const) {
        if (other !== state) expect(await runner.update(build.id, other, "another log")).toBe(404);
      }
      expect(await summaryOf(build.id)).toEqual(summary);
      expect(await traceText(build.id)).toBe("the log");
    },
  );

  test("success at the same moment as failed: one of them counts and the other is not found", async () => {
    const running = await runningBuild();
    const { runner, build } = running;
    const answers = await Promise.all([runner.update(build.id, "success"), runner.update(build.id, "failed")]);
    expect(answers.toSorted()).toEqual([200, 404]);
    expect(await statusOf(running)).toBe(answers[0] === 200 ? "success" : "failed");
  });
});

describe("the form of a report", () => {
  const fields = (token: string) => ({ token, state: "running", trace: "Running git clone...\n" });

  test.each([
    [
      "multipart, as curl --form sends it",
      (token: string) => {
        const body = new FormData();
        for (const [name, value] of Object.entries(fields(token))) body.set(name, value);
        return { body };
      },
    ],
    [
      "multipart with the log as a file",
      (token: string) => {
        const body = new FormData();
        body.set("token", token);
        body.set("trace", new File(["Running git clone...\n"], "log"));
        return { body };
      },
    ],
    ["urlencoded", (token: string) => ({ body: new URLSearchParams(fields(token)) })],
    ["JSON", (token: string) => ({ json: fields(token) })],
  ])("may be %s", async (_how, request) => {
    const { runner, build } = await runningBuild();
    expect((await legacy("PUT", `/builds/${build.id}`, request(runner.token))).status).toBe(200);
    expect(await traceText(build.id)).toBe("Running git clone...\n");
  });

  test("may be the query, in whole or for the token alone", async () => {
    const { runner, build } = await runningBuild();
    const trace = { trace: "by two ways" };
    expect((await legacy("PUT", `/builds/${build.id}?token=${runner.token}`, { json: trace })).status).toBe(200);
    expect(await traceText(build.id)).toBe("by two ways");
    const query = new URLSearchParams({ token: runner.token, state: "failed" });
    expect((await legacy("PUT", `/builds/${build.id}.json?${query.toString()}`)).status).toBe(200);
    expect((await summaryOf(build.id)).status).toBe("failed");
  });
});

describe("a report that is not accepted", () => {
  test.each([
    ["no token", async () => ({}), 403],
    ["an unknown token", async () => ({ token: "0123456789abcdef" }), 403],
    ["the build's own token", async ({ build }: RunningBuild) => ({ token: build.token }), 403],
    ["the project's token", async ({ project }: RunningBuild) => ({ token: await runnersToken(project) }), 403],
    [
      "the token of another runner of the project",
      async ({ project }: RunningBuild) => ({ token: (await newRunner(project)).token }),
      404,
    ],
  ])("by %s leaves the build as it is", async (_who, credentials, status) => {
    const running = await runningBuild();
    await patch(running.build, 0, "hello");
    const response = await report(running.build.id, { state: "failed", trace: "", ...(await credentials(running)) });
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ message: status === 403 ? "403 Forbidden" : "404 Not Found" });
    expect(await statusOf(running)).toBe("running");
    expect(await traceText(running.build.id)).toBe("hello");
  });

  test("of a pending build is 404", async () => {
    const { project, runner } = await runningBuild();
    expect(await runner.update(await enqueue(project), "success")).toBe(404);
  });

  test("of a canceled build is 404 and leaves the trace", async () => {
    const { runner, build } = await runningBuild();
    await patch(build, 0, "hello");
    await buildStub(env, build.id).cancel(ADMINISTRATOR, false);
    for (const state of ["running", "success", "failed"] as const) {
      expect(await runner.update(build.id, state, "hello again")).toBe(404);
    }
    expect((await summaryOf(build.id)).status).toBe("canceled");
    expect(await traceText(build.id)).toBe("hello");
  });

  test("of an erased build is 403 and says so", async () => {
    const { runner, build } = await runningBuild();
    await runner.update(build.id, "success", "hello");
    await buildStub(env, build.id).erase(ADMINISTRATOR);
    const message = { message: "403 Forbidden - Build has been erased!" };
    const reported = await report(build.id, { token: runner.token, state: "success", trace: "hello" });
    expect({ status: reported.status, body: await reported.json() }).toEqual({ status: 403, body: message });
    const patched = await patch(build, 0, "hello");
    expect({ status: patched.status, body: await patched.json() }).toEqual({ status: 403, body: message });
    expect(await traceText(build.id)).toBe("");
  });

  test("by a runner that was removed is 403", async () => {
    const project = await newProject();
    await enqueue(project);
    const runner = await newRunner(project);
    const build = await claim(runner);
    await runner.unregister();
    expect(await runner.update(build.id, "success")).toBe(403);
  });
});
