/** What of a build's life is so with a legacy runner alone. The rest: lives.test.ts. */
import { evictAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { ADMINISTRATOR } from "../../src/core/principal.ts";
import { buildStub } from "../../src/stubs.ts";
import { noise } from "../tools/clients/multipart.ts";
import { runningBuild, summaryOf, traceText, valueOf } from "../tools/clients/legacy-api.ts";
import { archiveOf } from "../tools/runners/lives.ts";

const encode = (text: string) => new TextEncoder().encode(text);

test("a legacy runner's last report brings the whole log once more, and no word of why its build has failed", async () => {
  const { runner, build } = await runningBuild();
  expect(await runner.appendTrace(build, 0, encode("boom\n"))).toMatchObject({ status: 202, length: 5 });
  expect(await runner.update(build.id, "failed", "boom\nERROR: exit status 1\n")).toBe(200);
  expect(await summaryOf(build.id)).toMatchObject({ status: "failed", failureReason: "unknown_failure" });
  expect(await traceText(build.id)).toBe("boom\nERROR: exit status 1\n");
});

test("a legacy runner that can't send patches brings its log by reports alone", async () => {
  const { runner, build } = await runningBuild();
  for (const log of ["one\n", "one\ntwo\n"]) expect(await runner.update(build.id, "running", log)).toBe(200);
  expect(await traceText(build.id)).toBe("one\ntwo\n");
  expect(await runner.update(build.id, "success", "one\ntwo\nthree\n")).toBe(200);
  expect(await traceText(build.id)).toBe("one\ntwo\nthree\n");
});

test("a legacy runner is told of a cancel by an accepted patch, and its report is not found", async () => {
  const { runner, build } = await runningBuild();
  await runner.appendTrace(build, 0, encode("tick 1\n"));
  valueOf(await buildStub(env, build.id).cancel(ADMINISTRATOR, false));
  await evictAllDurableObjects();
  expect(await runner.appendTrace(build, 7, encode("tick 2\n"))).toEqual({
    status: 202,
    buildStatus: "canceled",
    length: 7,
  });
  expect(await runner.update(build.id, "failed", "tick 1\ntick 2\n")).toBe(404);
  expect(await runner.uploadArtifacts(build, archiveOf(noise(2000)))).toBe(403);
  expect(await traceText(build.id)).toBe("tick 1\n");
});

test("a legacy runner may fetch its archive again when its build is over, and not when it is erased", async () => {
  const { runner, build } = await runningBuild();
  const archive = noise(2000);
  await runner.uploadArtifacts(build, archiveOf(archive));
  await runner.update(build.id, "success", "done\n");
  expect(await runner.downloadArtifacts(build)).toEqual(new Uint8Array(archive));
  valueOf(await buildStub(env, build.id).erase(ADMINISTRATOR));
  expect(await runner.downloadArtifacts(build)).toBe(404);
  expect(await runner.update(build.id, "success", "done\n")).toBe(403);
  expect((await runner.appendTrace(build, 0, encode("done\n"))).status).toBe(403);
});
