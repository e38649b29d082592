import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { app } from "../../src/app.ts";
import { buildStub } from "../../src/stubs.ts";
import type { Part } from "../tools/clients/multipart.ts";
import { bytesOf, CONTENT_TYPE, form, inPieces, noise, split } from "../tools/clients/multipart.ts";
import type { LegacyBuild } from "../tools/clients/legacy-build.ts";
import { contentOf, download, file, refusalOf, upload } from "../tools/clients/legacy-artifacts.ts";
import { legacy, ORIGIN, runnersToken, runningBuild, summaryOf } from "../tools/clients/legacy-api.ts";

const stored = async (build: LegacyBuild) =>
  (await env.ARTIFACTS.list({ prefix: `builds/${build.id}/` })).objects.length;

describe("an upload", () => {
  test("in chunks of any size comes out byte by byte", async () => {
    const { build } = await runningBuild();
    const bytes = noise(300_001);
    const response = await upload(build, [], { body: inPieces(split(form(file(bytes)), () => 1_777)) });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({
      id: build.id,
      name: build.name,
      status: "running",
      artifacts_file: { filename: "artifacts.zip", size: bytes.length },
      artifacts_expire_at: null,
    });
    const downloaded = await download(build);
    expect(downloaded.status).toBe(200);
    expect(new Uint8Array(await downloaded.arrayBuffer())).toEqual(new Uint8Array(bytes));
  });

  test("replaces an earlier one", async () => {
    const { build } = await runningBuild();
    await upload(build, [file("first")]);
    expect((await upload(build, [file("second", "b.zip")])).status).toBe(201);
    expect(await contentOf(await download(build))).toBe("second");
    expect((await summaryOf(build.id)).artifacts).toMatchObject([{ filename: "b.zip", sizeBytes: 6 }]);
  });

  test("drops metadata and takes what fields there are", async () => {
    const { build } = await runningBuild();
    const metadata: Part = { name: "metadata", filename: "metadata.gz", content: "meta" };
    expect((await upload(build, [metadata, file("content"), { name: "x", content: "y" }])).status).toBe(201);
    expect(await contentOf(await download(build))).toBe("content");
    expect(await stored(build)).toBe(1);
  });

  test.each([
    ["the query", { query: "?expire_in=7+days" }, []],
    ["a field before the file", {}, [{ name: "expire_in", content: "7 days" }, file("x")]],
    ["a field after the file", {}, [file("x"), { name: "expire_in", content: "7 days" }]],
  ])("lives as long as expire_in says, in %s", async (_where, options, parts) => {
    const { build } = await runningBuild();
    const before = Date.now();
    const response = await upload(build, parts.length === 0 ? [file("x")] : parts, options);
    const { artifacts_expire_at: expiresAt } = await response.json<{ artifacts_expire_at: string }>();
    expect(Date.parse(expiresAt) - before - 7 * 86_400_000).toBeLessThan(10_000);
    expect(Date.parse(expiresAt)).toBeGreaterThanOrEqual(before + 7 * 86_400_000);
  });

  test.each([
    ["never", null],
    ["", null],
  ])("lives for ever with expire_in=%s", async (expireIn, expected) => {
    const { build } = await runningBuild();
    const response = await upload(build, [file("x")], { query: `?expire_in=${expireIn}` });
    expect(await response.json()).toMatchObject({ artifacts_expire_at: expected });
  });

  test.each([
    ["../../etc/passwd", "passwd"],
    ["C:\\\\builds\\\\out.zip", "out.zip"],
    ['a \\"b\\".zip', 'a "b".zip'],
    ["résumé 日本.zip", "résumé 日本.zip"],
    ["..", "artifacts.zip"],
  ])("named %s is kept as %s", async (filename, expected) => {
    const { build } = await runningBuild();
    const response = await upload(build, [file("x", filename)]);
    expect(await response.json()).toMatchObject({ artifacts_file: { filename: expected } });
    const disposition = (await download(build)).headers.get("Content-Disposition") ?? "";
    expect(disposition).toMatch(/^attachment; filename="[^"\\]*"; filename\*=UTF-8''[\w%.-]+$/);
    expect(decodeURIComponent(disposition.split("''")[1] ?? "")).toBe(expected);
  });

  const token = (build: LegacyBuild): Part => ({ name: "token", content: build.token });

  test.each([
    [
      "in the query",
      (build: LegacyBuild) => upload(build, [file("x")], { token: null, query: `?token=${build.token}` }),
    ],
    ["as a field before the file", (build: LegacyBuild) => upload(build, [token(build), file("x")], { token: null })],
  ])("may have its token %s", async (_where, send) => {
    const { build } = await runningBuild();
    expect((await send(build)).status).toBe(201);
  });

  test("may have the project's runners_token", async () => {
    const { project, build } = await runningBuild();
    expect((await upload(build, [file("x")], { token: await runnersToken(project) })).status).toBe(201);
  });

  const cut = (parts: readonly Part[]) => form(...parts).slice(0, -20);

  test.each([
    [
      "has its token only after the file",
      (build: LegacyBuild) => upload(build, [file("x"), token(build)], { token: null }),
      403,
    ],
    ["has no token", (build: LegacyBuild) => upload(build, [file("x")], { token: null }), 403],
    ["has no file", (build: LegacyBuild) => upload(build, [{ name: "x", content: "y" }]), 400],
    [
      "has nothing but metadata",
      (build: LegacyBuild) => upload(build, [{ name: "metadata", filename: "m", content: "y" }]),
      400,
    ],
    ["has a file part that is no file", (build: LegacyBuild) => upload(build, [{ name: "file", content: "y" }]), 400],
    ["breaks off", (build: LegacyBuild) => upload(build, [], { body: cut([file("x".repeat(1000))]) }), 400],
    ["has another boundary", (build: LegacyBuild) => upload(build, [], { body: bytesOf("--other\r\n") }), 400],
    [
      "has an expire_in that is no duration",
      (build: LegacyBuild) => upload(build, [file("x")], { query: "?expire_in=soon" }),
      400,
    ],
    [
      "has such an expire_in as a field before the file",
      (build: LegacyBuild) => upload(build, [{ name: "expire_in", content: "soon" }, file("x")]),
      400,
    ],
    [
      "has such an expire_in and no token",
      (build: LegacyBuild) => upload(build, [file("x")], { token: null, query: "?expire_in=soon" }),
      403,
    ],
    [
      "has such an expire_in as a field after the file",
      (build: LegacyBuild) => upload(build, [file("x"), { name: "expire_in", content: "soon" }]),
      400,
    ],
  ])("that %s is refused, and the artifact from before stays", async (_what, send, status) => {
    const { build } = await runningBuild();
    await upload(build, [file("before")]);
    const answer = await refusalOf(await send(build));
    expect(answer).toMatchObject({ status, message: expect.any(String) });
    // What was complete before its refusal is the alarm's to delete.
    await runDurableObjectAlarm(buildStub(env, build.id));
    expect(await contentOf(await download(build))).toBe("before");
    expect(await stored(build)).toBe(1);
  });

  test("to a finished build is 403 and says why", async () => {
    const { runner, build } = await runningBuild();
    await runner.update(build.id, "success");
    const message = "403 Forbidden - Build is not running!";
    expect(await refusalOf(await upload(build, [file("x")]))).toEqual({ status: 403, message });
    expect(await stored(build)).toBe(0);
  });

  test.each([
    ["counted on the way", {}],
    ["said beforehand", { "Content-Length": "3000000" }],
  ])("of more than MAX_ARTIFACT_BYTES, %s, is 413 and stores nothing", async (_how, headers) => {
    const { build } = await runningBuild();
    const request = new Request(`${ORIGIN}/ci/api/v1/builds/${build.id}/artifacts`, {
      method: "POST",
      headers: { "Content-Type": CONTENT_TYPE, "BUILD-TOKEN": build.token, ...headers },
      body: inPieces(split(form(file(noise(2000))), () => 500)),
    });
    const answer = await refusalOf(await app.fetch(request, { ...env, MAX_ARTIFACT_BYTES: "1000" }));
    expect(answer).toEqual({ status: 413, message: expect.stringMatching(/^413 Request Entity Too Large/) });
    expect(await stored(build)).toBe(0);
  });
});

test("authorize answers as an upload would, without one", async () => {
  const { runner, build } = await runningBuild();
  const authorize = async (query: string, token = build.token) =>
    refusalOf(
      await legacy("POST", `/builds/${build.id}/artifacts/authorize?${query}`, { headers: { "BUILD-TOKEN": token } }),
    );
  expect(await authorize("filesize=99000000")).toEqual({ status: 200 });
  expect(await authorize("filesize=99000001")).toMatchObject({ status: 413 });
  expect(await authorize("filesize=many")).toMatchObject({ status: 400 });
  expect(await authorize("", "forged")).toEqual({ status: 403, message: "403 Forbidden" });
  await runner.update(build.id, "success");
  expect(await authorize("")).toEqual({ status: 403, message: "403 Forbidden - build is not running" });
});
