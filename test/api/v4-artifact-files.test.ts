/** Single files out of archives, archives by ref and job, and the deletion of all artifacts of a project. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, test } from "vitest";
import { archiveReferences } from "../../src/api/v4/artifact-files.ts";
import { projectStub } from "../../src/stubs.ts";
import { archiveOf } from "../tools/zip-archive.ts";
import {
  answer,
  claim,
  consumer,
  createJob,
  createProject,
  entity,
  finish,
  registerRunner,
  startJob,
  storeArchive,
} from "../tools/objects/fixtures.ts";

const REPORT = JSON.stringify({ tests: 5 });
const archive = (marker = "") =>
  archiveOf([
    { name: "out/coverage.json", content: REPORT },
    { name: "out/raw/marker.txt", content: marker, method: 0 },
    { name: "../escape.txt", content: "x" },
    { name: "odd name & ünï.html", content: "<p>x</p>" },
  ]);

describe("a file of a job's archive", () => {
  it("comes as it was, as an attachment of a type that no browser runs", async () => {
    const { path, claimed } = await startJob();
    await storeArchive(claimed, archive());
    const file = await consumer("GET", `${path}/artifacts/out/coverage.json`);
    expect(file.status).toBe(200);
    expect(Object.fromEntries(file.headers)).toMatchObject({
      "content-type": "application/json",
      "content-length": String(REPORT.length),
      "content-disposition": `attachment; filename="coverage.json"; filename*=UTF-8''coverage.json`,
      "x-content-type-options": "nosniff",
    });
    expect(await file.text()).toBe(REPORT);
    const odd = await consumer("GET", `${path}/artifacts/${encodeURIComponent("odd name & ünï.html")}`);
    expect(odd.headers.get("Content-Type")).toBe("application/octet-stream");
    expect(await odd.text()).toBe("<p>x</p>");
  });

  it.each([["out"], ["out/"], ["out/none"], ["%2e%2e%2fescape.txt"], ["out%2f%2e%2e%2fout%2fcoverage.json"], ["%00"]])(
    "%s is none",
    async (name) => {
      const { path, claimed } = await startJob();
      await storeArchive(claimed, archive());
      expect((await consumer("GET", `${path}/artifacts/${name}`)).status).toBe(404);
    },
  );

  it("isn't there without an archive, or after its deletion", async () => {
    const { path, claimed } = await startJob();
    expect((await consumer("GET", `${path}/artifacts/out/coverage.json`)).status).toBe(404);
    await storeArchive(claimed, archive());
    await consumer("DELETE", `${path}/artifacts`);
    expect((await consumer("GET", `${path}/artifacts/out/coverage.json`)).status).toBe(404);
  });

  it("of an archive that is no zip is refused with words", async () => {
    const { path, claimed } = await startJob();
    await storeArchive(claimed, "this is not what it says to be");
    expect(await answer("GET", `${path}/artifacts/a`)).toEqual([400, { error: "artifacts archive is no zip" }]);
  });

  it("is read by a job of the project with its own token", async () => {
    const { path, claimed } = await startJob();
    await storeArchive(claimed, archive());
    const headers = { "PRIVATE-TOKEN": "", "JOB-TOKEN": claimed.token };
    expect((await consumer("GET", `${path}/artifacts/out/coverage.json`, { headers })).status).toBe(200);
    const other = await startJob();
    const foreign = { "PRIVATE-TOKEN": "", "JOB-TOKEN": other.claimed.token };
    expect((await consumer("GET", `${path}/artifacts/out/coverage.json`, { headers: foreign })).status).toBe(404);
  });
});

/** Jobs of one project, made and ended one after another. */
const projectWith = async (
  ...jobs: readonly (readonly [fields: object, marker: string | null, how: "success" | "failed"])[]
) => {
  const project = await createProject();
  const runner = await registerRunner(project.id);
  for (const [fields, marker, how] of jobs) {
    await createJob(project.id, fields);
    const claimed = await claim(runner);
    if (marker !== null) await storeArchive(claimed, archive(marker));
    await finish(claimed, how);
  }
  return project;
};

const markerOf = async (projectId: number, reference: string): Promise<string | number> => {
  const response = await consumer("GET", `/projects/${projectId}/jobs/artifacts/${reference}`);
  return response.status === 200 ? response.text() : response.status;
};

describe("by ref and job the archive is the latest successful one's", () => {
  test("of that ref and name alone", async () => {
    const { id } = await projectWith(
      [{ name: "pack", ref: "main" }, "old", "success"],
      [{ name: "pack", ref: "main" }, "latest", "success"],
      [{ name: "pack", ref: "main" }, "failed", "failed"],
      [{ name: "other", ref: "main" }, "another job's", "success"],
      [{ name: "pack", ref: "dev" }, "another ref's", "success"],
      [{ name: "pack", ref: "v1", tag: true }, "the tag's", "success"],
    );
    expect(await markerOf(id, "main/raw/out/raw/marker.txt?job=pack")).toBe("latest");
    expect(await markerOf(id, "v1/raw/out/raw/marker.txt?job=pack")).toBe("the tag's");
    expect(await markerOf(id, "dev/raw/out/raw/marker.txt?job=pack")).toBe("another ref's");
    expect(await markerOf(id, "dev/raw/out/raw/marker.txt?job=other")).toBe(404);
    expect(await markerOf(id, "none/raw/out/raw/marker.txt?job=pack")).toBe(404);
    expect(await markerOf(id, "main/raw/none?job=pack")).toBe(404);
    const whole = await consumer("GET", `/projects/${id}/jobs/artifacts/main/download?job=pack`);
    expect(new Uint8Array(await whole.arrayBuffer())).toEqual(archive("latest"));
    expect(whole.headers.get("Content-Disposition")).toContain("artifacts.zip");
    expect(await answer("GET", `/projects/${id}/jobs/artifacts/main/download`)).toEqual([
      400,
      { error: "job is missing" },
    ]);
  });

  test("not there when that one has none", async () => {
    const { id } = await projectWith(
      [{ name: "pack", ref: "main" }, "old", "success"],
      [{ name: "pack", ref: "main" }, null, "success"],
    );
    expect(await markerOf(id, "main/download?job=pack")).toBe(404);
  });

  test.each([
    ["feature/a", "feature/a"],
    ["feature/a", "feature%2Fa"],
    ["a/raw/b", "a/raw/b"],
    ["a/raw/b", "a%2Fraw%2Fb"],
    ["a/download", "a/download"],
    ["raw", "raw"],
  ])("of the ref %s, written as %s", async (ref, written) => {
    const { id } = await projectWith([{ name: "pack", ref }, "mine", "success"]);
    expect(await markerOf(id, `${written}/raw/out/raw/marker.txt?job=pack`)).toBe("mine");
    expect((await consumer("GET", `/projects/${id}/jobs/artifacts/${written}/download?job=pack`)).status).toBe(200);
  });

  test("for a job of the project, by its own token", async () => {
    const { project, claimed } = await startJob({ name: "pack", ref: "main" });
    await storeArchive(claimed, archive("mine"));
    await finish(claimed);
    await createJob(project.id);
    const running = await claim(await registerRunner(project.id));
    const headers = { "PRIVATE-TOKEN": "", "JOB-TOKEN": running.token };
    const path = `/projects/${project.id}/jobs/artifacts/main/raw/out/raw/marker.txt?job=pack`;
    expect(await (await consumer("GET", path, { headers })).text()).toBe("mine");
  });
});

test.each([
  ["main/download", [{ ref: "main", path: null }]],
  ["a/b/download", [{ ref: "a/b", path: null }]],
  ["main/raw/x", [{ ref: "main", path: "x" }]],
  ["a%2Fb/raw/x%20y", [{ ref: "a/b", path: "x y" }]],
  [
    "a/raw/b/raw/c",
    [
      { ref: "a", path: "b/raw/c" },
      { ref: "a/raw/b", path: "c" },
    ],
  ],
  [
    "main/raw/download",
    [
      { ref: "main/raw", path: null },
      { ref: "main", path: "download" },
    ],
  ],
  ["download", []],
  ["main/raw", []],
  ["raw/x", []],
  ["main/other/x", []],
  ["%E0%A4%A/raw/x", [{ ref: "%E0%A4%A", path: "x" }]],
])("%s may mean %j", (encoded, readings) => {
  expect(archiveReferences(encoded)).toEqual(readings);
});

test("a path of many parts has few readings", () => {
  expect(archiveReferences("raw/".repeat(5000) + "x").length).toBeLessThanOrEqual(5);
});

test("all artifacts of a project are deleted, those of later jobs stay", async () => {
  const jobs = Array.from(
    { length: 45 },
    (_, at) => [{ name: `pack ${at}`, ref: "main" }, `${at}`, "success"] as const,
  );
  const project = await projectWith(...jobs);
  expect(await answer("DELETE", `/projects/${project.id}/artifacts`)).toEqual([202, { message: "202 Accepted" }]);
  await createJob(project.id, { name: "later", ref: "main" });
  const later = await claim(await registerRunner(project.id));
  await storeArchive(later, archive("later"));
  await finish(later);
  await runDurableObjectAlarm(projectStub(env, project.id));
  expect(await markerOf(project.id, "main/raw/out/raw/marker.txt?job=pack%200")).toBe(404);
  expect(await markerOf(project.id, "main/raw/out/raw/marker.txt?job=pack%2044")).toBe(404);
  expect(await markerOf(project.id, "main/raw/out/raw/marker.txt?job=later")).toBe("later");
  const left = await entity(200, "GET", `/projects/${project.id}/jobs/${later.summary.id}`);
  expect(left["artifacts"]).toHaveLength(1);
});
