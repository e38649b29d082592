/** What an earlier version stored lacks fields that today's code reads. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { buildStub, directoryStub, projectStub } from "../../src/stubs.ts";
import { answer, createJob, createProject, valueOf } from "../tools/objects/fixtures.ts";
import { rowsOf } from "../tools/objects/objects.ts";
import { specOf } from "../tools/objects/spec.ts";

/** Takes fields out of stored JSON, as if they had never been, and the object out of memory. */
const forget = async (stub: DurableObjectStub, table: string, column: string, ...paths: string[]): Promise<void> => {
  const removed = paths.map((path) => `, '${path}'`).join("");
  await rowsOf(stub, `UPDATE ${table} SET ${column} = json_remove(${column}${removed})`);
  await evictDurableObject(stub);
};

const pipelineIdOf = (job: { readonly [field: string]: unknown }): number => (job["pipeline"] as { id: number }).id;

test("a project has the default depth", async () => {
  const project = await createProject({ ci_default_git_depth: 7 });
  await forget(projectStub(env, project.id), "project", "project", "$.gitDepth");
  await forget(directoryStub(env), "project", "project", "$.gitDepth");
  const expected = { ...project, ci_default_git_depth: 20 };
  expect(await answer("GET", `/projects/${project.id}`)).toEqual([200, expected]);
  const [, list] = await answer("GET", "/projects");
  const { runners_token: _secret, ci_config: _kept, ...listed } = expected as Record<string, unknown>;
  expect(list).toContainEqual(listed);
  const { id } = await createJob(project.id);
  const [snapshot] = await rowsOf(buildStub(env, id), "SELECT json_extract(project, '$.gitDepth') AS depth FROM spec");
  expect(snapshot).toEqual({ depth: 20 });
});

test("a project has the defaults of settings that came later", async () => {
  const project = await createProject();
  const later = [
    "archived",
    "topics",
    "publicJobs",
    "groupRunnersEnabled",
    "gitStrategy",
    "coverageRegex",
    "configPath",
  ];
  const paths = [...later, "autoCancelPending", "keepLatestArtifact"].map((name) => `$.${name}`);
  await forget(projectStub(env, project.id), "project", "project", ...paths);
  await forget(directoryStub(env), "project", "project", ...paths);
  expect(await answer("GET", `/projects/${project.id}`)).toEqual([200, project]);
  const [, list] = await answer("GET", `/projects?archived=false&search=${String(project["path"])}`);
  expect(list).toMatchObject([{ id: project.id, archived: false, topics: [] }]);
});

test("a build's spec is complete", async () => {
  const variables = [{ key: "A", value: "1" }];
  const { id, ...job } = await createJob((await createProject()).id, { variables });
  const pipeline = { id: pipelineIdOf(job), iid: pipelineIdOf(job), source: "api" };
  await forget(
    buildStub(env, id),
    "spec",
    "spec",
    ...["refProtected", "preGetSourcesScript", "variables[0].raw", "commit", "pipeline", "user"].map(
      (name) => `$.${name}`,
    ),
  );
  const spec = valueOf(await buildStub(env, id).original());
  expect(Object.keys(spec).toSorted()).toEqual(Object.keys(specOf()).toSorted());
  expect(spec).toMatchObject({ refProtected: false, preGetSourcesScript: [], variables: [{ key: "A", raw: false }] });
  expect(spec).toMatchObject({ pipeline, user: { id: 1 } });
});

test("a build in its project's list has a pipeline and a user", async () => {
  const project = await createProject();
  const job = await createJob(project.id);
  const stub = projectStub(env, project.id);
  await forget(stub, "build", "summary", "$.commit", "$.pipeline", "$.user");
  await rowsOf(stub, `UPDATE build SET summary = json_insert(summary, '$.pipelineId', ${pipelineIdOf(job)})`);
  const [, jobs] = await answer("GET", `/projects/${project.id}/jobs`);
  // Its creation counts as the pipeline's, which came a moment before it.
  const time = { created_at: job["created_at"] };
  const pipeline = { ...(job["pipeline"] as object), ...time };
  const commit = {
    ...(job["commit"] as object),
    ...time,
    authored_date: time.created_at,
    committed_date: time.created_at,
  };
  expect(jobs).toEqual([{ ...job, pipeline, commit, queued_duration: expect.any(Number) }]);
});

test("a build that an earlier version asked for, and did not get to make, is made with today's names", async () => {
  const project = await createProject();
  const { id } = await createJob(project.id, { cache: { key: "k", fallback_keys: ["f"] }, artifacts: { paths: "a" } });
  const spec = { ...valueOf(await buildStub(env, id).original()) };
  expect(spec.cache).toMatchObject([{ key: "k", fallbackKeys: ["f"] }]);
  const message = {
    to: "build",
    build: {
      id: id + 1_000_000,
      pipelineId: 12,
      spec: {
        ...spec,
        pipeline: undefined,
        cache: [{ key: "k", fallback_keys: ["f"] }],
        artifacts: { expire_in: "1 day" },
      },
      project: { ...project, repoUrl: "", defaultBranch: "main", tokenEpoch: 1 },
    },
  };
  const stub = projectStub(env, project.id);
  await rowsOf(
    stub,
    `INSERT INTO outbox (destination, revision, body, tries, due_at_ms)
     VALUES ('build/${message.build.id}', 1, '${JSON.stringify(message)}', 0, 0)`,
  );
  await runInDurableObject(stub, (_instance, { storage }) => storage.setAlarm(Date.now() + 60_000));
  await evictDurableObject(stub);
  await runDurableObjectAlarm(stub);
  expect(valueOf(await buildStub(env, message.build.id).original())).toMatchObject({
    cache: [{ key: "k", fallbackKeys: ["f"] }],
    artifacts: { expireIn: "1 day" },
    pipeline: { id: 12, iid: 12, source: "api" },
  });
});
