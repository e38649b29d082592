/**
 * What users of other coordinators suffer from when logs and artifacts travel: rows 9 to 12. The rest: pains-builds.test.ts.
 *
 * Length and CRC checked at the end, 412 after truncation, what is shown of a log's integrity (11) and the breaker of loops
 * between them (12) are tried in modern-traces.test.ts. That an upload over the limit leaves the server alive is tried on a
 * real one: test/e2e/hostile-network.test.ts.
 */
import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { expect, test } from "vitest";
import { app } from "../../src/app.ts";
import { buildStub } from "../../src/stubs.ts";
import { CONTENT_TYPE, form, inPieces, noise, split } from "../tools/clients/multipart.ts";
import { legacy, ORIGIN, patch, runningBuild, traceBytes, traceText } from "../tools/clients/legacy-api.ts";
import { DIALECTS } from "../tools/runners/dialects.ts";
import { contentOf, download, file, refusalOf, upload } from "../tools/clients/legacy-artifacts.ts";
import type { LegacyBuild } from "../tools/clients/legacy-build.ts";
import { beginWork } from "../tools/runners/lives.ts";
import { crash, rowsOf } from "../tools/objects/objects.ts";
import { entity } from "../tools/objects/fixtures.ts";
import { historyOf, jobOf, logShown } from "../tools/runners/scenario.ts";

/** An upload to a Worker with another environment. */
const uploadTo = async (environment: Env, build: LegacyBuild, content: string | Uint8Array): Promise<Response> =>
  app.fetch(
    new Request(`${ORIGIN}/ci/api/v1/builds/${build.id}/artifacts`, {
      method: "POST",
      headers: { "Content-Type": CONTENT_TYPE, "BUILD-TOKEN": build.token },
      body: inPieces(split(form(file(content)), () => 500)),
    }),
    environment,
  );

const objectsOf = async (build: LegacyBuild) =>
  (await env.ARTIFACTS.list({ prefix: `builds/${build.id}/` })).objects.length;

test("pain 9: a 413 says who refuses, how large the upload was and what is taken; the limits can be asked beforehand", async () => {
  const { build } = await runningBuild();
  const body = form(file(noise(2000)));
  expect(await refusalOf(await uploadTo({ ...env, MAX_ARTIFACT_BYTES: "1000" }, build, noise(2000)))).toEqual({
    status: 413,
    message: `413 Request Entity Too Large - ${body.length} bytes, Signalbox takes 1000 at most`,
  });
  const authorize = `/builds/${build.id}/artifacts/authorize?token=${build.token}&filesize=99000001`;
  expect(await refusalOf(await legacy("POST", authorize))).toEqual({
    status: 413,
    message: "413 Request Entity Too Large - 99000001 bytes, Signalbox takes 99000000 at most",
  });
  const job = { name: "x".repeat(1024 * 1024), script: ["true"] };
  await expect(entity(201, "POST", "/projects/1/jobs", { body: job })).rejects.toThrow(
    /413 Request Entity Too Large - \d+ bytes, Signalbox takes 1048576 at most/,
  );
  expect((await entity(200, "GET", "/metadata"))["limits"]).toEqual({
    max_artifact_bytes: 99_000_000,
    max_trace_bytes: 104_857_600,
  });
});

test("pain 10: an upload that storage fails is 503 with a time to come back, then 201, and 201 again for an answer that was lost", async () => {
  const { project, build } = await runningBuild();
  const down = async () => {
    throw new Error("internal detail");
  };
  const ARTIFACTS = { put: down, createMultipartUpload: down, delete: down } as unknown as R2Bucket;
  const refused = await uploadTo({ ...env, ARTIFACTS }, build, "the archive");
  expect([refused.status, await refused.json()]).toEqual([503, { message: "503 Service Unavailable" }]);
  expect(refused.headers.get("Retry-After")).toMatch(/^[1-9]\d*$/);
  expect(await jobOf(project, build.id)).toMatchObject({ status: "running", artifacts: [] });
  expect((await upload(build, [file("the archive")])).status).toBe(201);
  expect((await upload(build, [file("the archive")])).status).toBe(201);
  expect(await contentOf(await download(build))).toBe("the archive");
});

test("pain 10: an upload that is cut is refused and nothing of it stays; a file that storage has lost is 404, never 500", async () => {
  const { build } = await runningBuild();
  const cut = form(file(noise(5000))).slice(0, 3000);
  expect((await upload(build, [], { body: cut })).status).toBe(400);
  await runDurableObjectAlarm(buildStub(env, build.id));
  expect(await objectsOf(build)).toBe(0);
  expect((await upload(build, [file("whole")])).status).toBe(201);
  const [stored] = (await env.ARTIFACTS.list({ prefix: `builds/${build.id}/` })).objects;
  await env.ARTIFACTS.delete(stored?.key ?? "");
  expect((await download(build)).status).toBe(404);
});

test.each(DIALECTS)(
  "pain 11: every patch of $name that was acknowledged is in the log after crashes, and five megabytes come back whole, last line included",
  async (dialect) => {
    const { project, runner, work } = await beginWork(dialect, "begins\n");
    const mebibyte = `${"x".repeat(1023)}\n`.repeat(1024);
    for (let patches = 0; patches < 5; patches++) {
      expect(await runner.append(work, mebibyte)).toBe("ok");
      await crash(buildStub(env, work.id));
    }
    expect(await runner.finish(work, "success", "Job succeeded\n")).toBe("ok");
    await crash(buildStub(env, work.id));
    const shown = await logShown(project, work.id);
    expect((await traceBytes(work.id)).length).toBe(shown.length);
    expect(shown === `begins\n${mebibyte.repeat(5)}Job succeeded\n`).toBe(true);
  },
);

test("pain 11: a log that is cut says so, and where: to its runner, in the job and in its history", async () => {
  const { project, build } = await runningBuild();
  // The row that 100 MiB of log would leave behind, without writing them.
  await rowsOf(
    buildStub(env, build.id),
    "INSERT INTO trace (offset_bytes, bytes, crc32, at_ms) VALUES (104857599, x'61', 0, 0)",
  );
  await evictDurableObject(buildStub(env, build.id));
  const refused = await patch(build, 104_857_600, "one byte too many");
  expect(refused.headers.get("Build-Status")).toBe("failed");
  expect(await refusalOf(refused)).toEqual({
    status: 403,
    message: "403 Forbidden - the trace has passed 104857600 bytes, the build has failed",
  });
  expect(await jobOf(project, build.id)).toMatchObject({ status: "failed", failure_reason: "trace_size_exceeded" });
  expect((await historyOf(project, build.id)).at(-1)).toBe("cut at MAX_TRACE_BYTES, 104857600 bytes");
});

test("pain 12: a runner that follows Range writes each byte once, whatever answers it missed and however it writes the end", async () => {
  const { build } = await runningBuild();
  const send = (range: string, text: string) =>
    legacy("PATCH", `/builds/${build.id}/trace.txt`, {
      headers: { "BUILD-TOKEN": build.token, "Content-Range": range },
      body: text,
    });
  const said = async (range: string, text: string) => {
    const response = await send(range, text);
    return `${response.status} ${response.headers.get("Range")} ${response.headers.get("Build-Status")}`;
  };
  expect(await said("0-5", "hello")).toBe("202 0-5 running");
  // Its answer was lost: the same once more, and once more after a restart.
  expect(await said("0-5", "hello")).toBe("416 0-5 running");
  await crash(buildStub(env, build.id));
  expect(await said("0-5", "hello")).toBe("416 0-5 running");
  // 1.x names the end exclusively, later ones inclusively; nobody's end counts.
  expect(await said("5-10", " again")).toBe("202 0-11 running");
  expect(await said("11-11", ".")).toBe("202 0-12 running");
  expect(await said("12-99", "\n")).toBe("202 0-13 running");
  expect(await said("14-15", "x")).toBe("416 0-13 running");
  expect(await said("13-13", "")).toBe("202 0-13 running");
  expect(await traceText(build.id)).toBe("hello again.\n");
});
