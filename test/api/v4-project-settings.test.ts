/** Settings of a project are stored or refused, never dropped. */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { buildStub } from "../../src/stubs.ts";
import { answer, createJob, createProject, entity, valueOf } from "../tools/objects/fixtures.ts";

const SETTINGS: readonly [sent: object, shown: object][] = [
  [{ ci_config_path: "ci/main.yml" }, { ci_config_path: "ci/main.yml" }],
  [{ ci_config: "job:\n  script: make\n" }, { ci_config: "job:\n  script: make\n" }],
  [{ auto_cancel_pending_pipelines: "disabled" }, { auto_cancel_pending_pipelines: "disabled" }],
  [{ archived: true }, { archived: true }],
  [{ keep_latest_artifact: true }, { keep_latest_artifact: true }],
  [{ build_coverage_regex: "/\\d+%/" }, { build_coverage_regex: "/\\d+%/" }],
  [{ group_runners_enabled: false }, { group_runners_enabled: false }],
  [{ topics: ["a", "b", "a"] }, { topics: ["a", "b"], tag_list: ["a", "b"] }],
  [{ tag_list: "a, b" }, { topics: ["a", "b"] }],
  [{ public_jobs: false }, { public_jobs: false, builds_access_level: "private" }],
  [{ public_builds: false }, { public_jobs: false }],
  [{ builds_access_level: "private" }, { public_jobs: false }],
  [{ build_git_strategy: "clone" }, { build_git_strategy: "clone" }],
  [{ shared_runners_enabled: false }, { shared_runners_enabled: false }],
  [{ description: "all of it" }, { description: "all of it" }],
];

describe("a setting that is given", () => {
  test.each(SETTINGS)("%j at the creation is shown by each answer after it", async (sent, shown) => {
    const project = await createProject(sent);
    expect(project).toMatchObject(shown);
    expect(await answer("GET", `/projects/${project.id}`)).toMatchObject([200, shown]);
  });

  test.each(SETTINGS)("%j later is shown by each answer after it, and changes nothing else", async (sent, shown) => {
    const project = await createProject();
    const changed = await entity(200, "PUT", `/projects/${project.id}`, { body: sent });
    expect(changed).toMatchObject(shown);
    const again = await entity(200, "PUT", `/projects/${project.id}`, { body: { name: project["name"] } });
    expect(again).toEqual(changed);
    const { tag_list: _1, topics: _2, builds_access_level: _3, public_jobs: _4, ...rest } = changed;
    const same = Object.keys(rest).filter((name) => !Object.hasOwn(sent, name));
    for (const name of same) expect([name, rest[name as "id"]]).toEqual([name, project[name]]);
  });

  test("is taken away by an empty text where that is a value", async () => {
    const given = {
      description: "x",
      repo_url: "https://git.test/x",
      ci_config: "x: 1",
      build_coverage_regex: "x",
      topics: ["t"],
    };
    const { id } = await createProject(given);
    const empty = { description: "", repo_url: "", ci_config: "", build_coverage_regex: "", topics: [] };
    expect(await entity(200, "PUT", `/projects/${id}`, { body: empty })).toMatchObject(empty);
  });
});

test("an empty text where it is no value counts as not given", async () => {
  const sent = {
    default_branch: "",
    visibility: "",
    namespace_id: "",
    tag_list: [],
    build_timeout: "",
    ci_config_path: "",
  };
  const path = `test/${crypto.randomUUID()}`;
  const project = await entity(201, "POST", "/projects", { body: { name: "Demo", path, ...sent } });
  expect(project).toMatchObject({ default_branch: "main", visibility: "private", build_timeout: 3600, topics: [] });
  const named = await entity(201, "POST", "/projects", { body: { name: `Demo ${crypto.randomUUID()}`, path: "" } });
  expect(named["path"]).toMatch(/^demo-/);
});

test("what was read can be written back", async () => {
  const project = await createProject({ topics: ["a"], public_jobs: false });
  const { name: _1, path_with_namespace: _2, ...read } = project;
  expect(await entity(200, "PUT", `/projects/${project.id}`, { body: read })).toEqual(project);
});

test.each([
  [{ namespace_id: 42 }, "namespace_id can't be set: Signalbox doesn't have it"],
  [{ issues_enabled: true }, "issues_enabled can't be set: Signalbox doesn't have it"],
  [{ wiki_access_level: "enabled" }, "wiki_access_level can't be set: Signalbox doesn't have it"],
  [
    { runner_token_expiration_interval: 3600 },
    "runner_token_expiration_interval can't be set: Signalbox doesn't have it",
  ],
  [{ import_url: "https://git.test/x" }, "import_url can't be set: Signalbox doesn't have it"],
  [{ initialize_with_readme: true }, "initialize_with_readme can't be set: Signalbox doesn't have it"],
  [{ auto_cancel_pending_pipelines: "maybe" }, "auto_cancel_pending_pipelines does not have a valid value"],
  [{ builds_access_level: "disabled" }, "builds_access_level does not have a valid value"],
  [{ ci_config: "x".repeat(1024 * 1024 + 1) }, "ci_config has more than 1048576 bytes"],
  [{ ci_config_path: "a\nb" }, "ci_config_path is invalid"],
  [{ topics: ["x".repeat(256)] }, "topics has a topic of more than 255 characters"],
  [{ archived: "maybe" }, "archived is invalid"],
])("a setting that can't be stored is refused: %#", async (sent, error) => {
  const { id } = await createProject();
  expect(await answer("PUT", `/projects/${id}`, { body: sent })).toEqual([400, { error }]);
  expect(await answer("POST", "/projects", { body: { name: "x", ...sent } })).toEqual([400, { error }]);
});

describe("an archived project", () => {
  test("makes no new jobs until it is taken out of the archive", async () => {
    const { id } = await createProject();
    const job = await createJob(id);
    expect(await answer("POST", `/projects/${id}/archive`)).toMatchObject([201, { archived: true }]);
    const refused = [403, { message: "403 Forbidden - the project is archived" }];
    expect(await answer("POST", `/projects/${id}/jobs`, { body: { name: "x", script: "x" } })).toEqual(refused);
    expect(await answer("POST", `/projects/${id}/jobs/${job.id}/retry`)).toEqual(refused);
    expect(await answer("POST", `/projects/${id}/unarchive`)).toMatchObject([201, { archived: false }]);
    await createJob(id);
  });
});

test("a job fetches or clones as its project says, unless it says so itself", async () => {
  const { id } = await createProject({ build_git_strategy: "clone" });
  const plain = await createJob(id);
  const own = await createJob(id, { allow_git_fetch: true });
  const fetches = async (job: number) => valueOf(await buildStub(env, job).original()).allowGitFetch;
  expect([await fetches(plain.id), await fetches(own.id)]).toEqual([false, true]);
});
