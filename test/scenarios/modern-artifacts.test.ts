/** Artifacts of several types, and what becomes of them: lists, variables for dependants, downloads in ranges. */
import { evictAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { app } from "../../src/app.ts";
import { bytesOf, concat, noise } from "../tools/clients/multipart.ts";
import type { Part } from "../tools/clients/multipart.ts";
import { consumer } from "../tools/objects/fixtures.ts";
import { enqueue, ORIGIN } from "../tools/clients/legacy-api.ts";
import { archiveOf, inTwo } from "../tools/runners/lives.ts";
import { claimJob, putJob, runningJob, told, uploadTo } from "../tools/clients/modern-api.ts";
import type { ModernClient } from "../tools/clients/modern-client.ts";
import type { BuildKey } from "../tools/clients/runner-wire.ts";
import { jobOf } from "../tools/runners/scenario.ts";

const ARCHIVE = noise(200_000);
const JUNIT = gzipSync("<testsuites/>");
/** One member per file that a report's glob has met. */
const DOTENV = concat(gzipSync("VERSION=1.2.3\n"), gzipSync("NAME=edge\n"));

/** A report, as runners send it. */
const report = (type: string, format: string, filename: string, bytes: Uint8Array) => ({
  filename,
  type,
  format,
  content: inTwo(bytes),
});

const uploadAll = async (runner: ModernClient, job: BuildKey): Promise<void> => {
  expect(await runner.uploadArtifacts(job, archiveOf(ARCHIVE, "1 day"))).toBe(201);
  expect(await runner.uploadArtifacts(job, report("junit", "gzip", "junit.xml.gz", JUNIT))).toBe(201);
  expect(await runner.uploadArtifacts(job, report("dotenv", "gzip", ".env.gz", DOTENV))).toBe(201);
  await evictAllDurableObjects();
};

test("a job has an artifact of each type, and its archive is the one that is downloaded", async () => {
  const { project, runner, id, job } = await runningJob();
  await uploadAll(runner, job);
  const { artifacts } = await jobOf(project, id);
  expect(artifacts).toHaveLength(3);
  expect(artifacts).toEqual(
    expect.arrayContaining([
      { file_type: "archive", size: ARCHIVE.length, filename: "out.zip", file_format: "zip" },
      { file_type: "junit", size: JUNIT.length, filename: "junit.xml.gz", file_format: "gzip" },
      { file_type: "dotenv", size: DOTENV.length, filename: ".env.gz", file_format: "gzip" },
    ]),
  );
  expect(await runner.downloadArtifacts(job)).toEqual(new Uint8Array(ARCHIVE));
  await putJob(job, { state: "success" });
  const shown = await consumer("GET", `/projects/${project.id}/jobs/${id}/artifacts`);
  expect(new Uint8Array(await shown.arrayBuffer())).toEqual(new Uint8Array(ARCHIVE));
});

test("an upload that is sent again is taken once, one of other bytes is refused, whatever its type", async () => {
  const { project, runner, id, job } = await runningJob();
  await uploadAll(runner, job);
  await uploadAll(runner, job);
  const other = gzipSync("<testsuites><testsuite/></testsuites>");
  expect(await runner.uploadArtifacts(job, archiveOf(noise(200_000, 2)))).toBe(400);
  expect(await runner.uploadArtifacts(job, report("junit", "gzip", "junit.xml.gz", other))).toBe(400);
  expect((await jobOf(project, id))["artifacts"]).toHaveLength(3);
  expect(await runner.downloadArtifacts(job)).toEqual(new Uint8Array(ARCHIVE));
});

test("two of one type at once are one of them", async () => {
  const { project, runner, id, job } = await runningJob();
  const files = [noise(100_000, 1), noise(100_000, 2)] as const;
  const statuses = await Promise.all(files.map((bytes) => runner.uploadArtifacts(job, archiveOf(bytes))));
  expect(new Set(statuses)).toEqual(new Set([201, 400]));
  expect(await runner.downloadArtifacts(job)).toEqual(new Uint8Array(files[statuses.indexOf(201)] ?? []));
  expect((await jobOf(project, id))["artifacts"]).toHaveLength(1);
});

test("a type that isn't known, a format that isn't the type's, or variables that are none are refused and not kept", async () => {
  const { project, runner, id, job } = await runningJob();
  for (const [type, format, bytes] of [
    ["virus", "raw", "x"],
    ["archive", "raw", "x"],
    ["junit", "zip", "x"],
    ["codequality", "gzip", "x"],
    ["dotenv", "gzip", "not gzip"],
    ["dotenv", "gzip", gzipSync("no variable\n")],
    ["dotenv", "gzip", gzipSync("A-B=1\n")],
  ] as const) {
    const content = typeof bytes === "string" ? bytesOf(bytes) : bytes;
    expect(await runner.uploadArtifacts(job, report(type, format, "x", content)), `${type} ${format}`).toBe(400);
  }
  expect((await jobOf(project, id))["artifacts"]).toEqual([]);
});

test.each([
  ["the type before the file, the format after it", ["artifact_type", "file", "artifact_format"]],
  ["the format before the file, the type after it", ["artifact_format", "file", "artifact_type"]],
  ["both after the file", ["file", "artifact_type", "artifact_format"]],
])("a form may say what it uploads in text parts: %s", async (_order, names) => {
  const { project, id, job } = await runningJob();
  const parts: Record<string, Part> = {
    file: { name: "file", filename: "junit.xml.gz", content: JUNIT },
    artifact_type: { name: "artifact_type", content: "junit" },
    artifact_format: { name: "artifact_format", content: "gzip" },
  };
  const sent = names.map((name) => parts[name] as Part);
  expect((await uploadTo(job, sent, "")).status).toBe(201);
  expect((await jobOf(project, id))["artifacts"]).toMatchObject([{ file_type: "junit", file_format: "gzip" }]);
});

test("who may not upload is told that, and not what else is wrong with the upload", async () => {
  const { job } = await runningJob();
  const { job: over } = await runningJob();
  await putJob(over, { state: "success" });
  const file = { name: "file", filename: "a", content: "x" };
  for (const [parts, query] of [
    [[], ""],
    [[{ ...file, name: "metadata" }], ""],
    [[file], "?artifact_type=virus"],
    [[file], "?expire_in=soon"],
  ] as const) {
    expect(await told(uploadTo({ id: job.id, token: over.token }, parts, query)), "another's token").toBe(
      "403 canceled",
    );
    expect(await told(uploadTo(over, parts, query)), "a job that is over").toBe("403 success");
    expect(await told(uploadTo(job, parts, query)), "its own").toBe("400");
  }
});

test("a direct download is sent to storage when there are credentials to sign an address with, else it comes from here", async () => {
  const { runner, job } = await runningJob();
  await uploadAll(runner, job);
  const download = async (query: string, change: Partial<Env> = {}) => {
    const url = `${ORIGIN}/api/v4/jobs/${job.id}/artifacts${query}`;
    const response = await app.fetch(new Request(url, { headers: { "JOB-TOKEN": job.token } }), { ...env, ...change });
    await response.arrayBuffer();
    return [response.status, new URL(response.headers.get("Location") ?? "none:").host];
  };
  const r2 = { R2_ACCOUNT_ID: "acc", R2_ACCESS_KEY_ID: "key", R2_SECRET_ACCESS_KEY: "secret" };
  const elsewhere = [302, "acc.r2.cloudflarestorage.com"];
  expect(await download("?direct_download=true", r2)).toEqual(elsewhere);
  expect(await download("?direct_download=1", r2)).toEqual(elsewhere);
  expect(await download("?direct_download=false", r2)).toEqual([200, ""]);
  expect(await download("", r2)).toEqual([200, ""]);
  expect(await download("?direct_download=true")).toEqual([200, ""]);
});

test("the variables of a dotenv report are handed to dependants; what those were created with counts for more", async () => {
  const { project, runner, id, job } = await runningJob();
  await uploadAll(runner, job);
  await putJob(job, { state: "success" });
  const own = { key: "NAME", value: "own", public: true, masked: false, file: false, raw: false };
  await enqueue(project, { dependencies: [id], variables: [own] });
  const { variables } = await claimJob(runner);
  const valuesOf = (key: string) => variables.filter((variable) => variable.key === key).map(({ value }) => value);
  expect(valuesOf("VERSION")).toEqual(["1.2.3"]);
  // Of several the last one counts for a runner.
  expect(valuesOf("NAME")).toEqual(["edge", "own"]);
});

test("a dependant fetches an archive in parallel ranges, and has all of it", async () => {
  const { project, runner, id, job } = await runningJob();
  await uploadAll(runner, job);
  await putJob(job, { state: "success" });
  await enqueue(project, { dependencies: [id] });
  const dependant = await claimJob(runner);
  await runner.update(dependant, { state: "running", output: {} });
  const from = { id, token: dependant.token };
  const step = 64 * 1024;
  const starts = Array.from({ length: Math.ceil(ARCHIVE.length / step) }, (_, index) => index * step);
  const ranges = await Promise.all(
    starts.map((start) => runner.downloadArtifacts(from, `bytes=${start}-${start + step - 1}`)),
  );
  const pieces = ranges.map((range) => (typeof range === "number" ? expect.fail(`a range: ${range}`) : range));
  expect(concat(...pieces)).toEqual(new Uint8Array(ARCHIVE));
  expect(await runner.downloadArtifacts(from, `bytes=${ARCHIVE.length}-`)).toBe(416);
});
