import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { BuildSpec } from "../../src/core/build/spec.ts";
import { buildStub } from "../../src/stubs.ts";
import { answer, consumer, createJob, createProject, entity, ORIGIN, SHA, valueOf } from "../tools/objects/fixtures.ts";
import { specOf } from "../tools/objects/spec.ts";

const TIME: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const ZEROS = "0".repeat(40);

/** What the build's object keeps of a request. */
const specOfJob = async (fields: object): Promise<BuildSpec> => {
  const { id } = await createJob((await createProject()).id, fields);
  return valueOf(await buildStub(env, id).original());
};

test("a new job is pending and says all that GitLab's does", async () => {
  const project = await createProject({ path: "jobs/new" });
  const job = await createJob(project.id, { stage: "build", ref: "v1", sha: SHA, tag: true, tags: "b, a" });
  expect(job).toEqual({
    id: expect.any(Number),
    status: "pending",
    stage: "build",
    name: "unit",
    ref: "v1",
    tag: true,
    coverage: null,
    allow_failure: false,
    created_at: TIME,
    started_at: null,
    finished_at: null,
    erased_at: null,
    duration: null,
    queued_duration: expect.any(Number),
    user: expect.objectContaining({ id: 1, username: "admin", name: "Administrator", web_url: `${ORIGIN}/admin` }),
    // Nothing that a client may want to cut, print or parse is null.
    commit: {
      id: SHA,
      short_id: "5f0c3a9d",
      title: "",
      message: "",
      author_name: "",
      author_email: "",
      authored_date: TIME,
      committer_name: "",
      committer_email: "",
      committed_date: TIME,
      created_at: TIME,
      parent_ids: [],
      trailers: {},
      extended_trailers: {},
      web_url: `${ORIGIN}/jobs/new/-/commit/${SHA}`,
    },
    pipeline: expect.objectContaining({
      project_id: project.id,
      sha: SHA,
      ref: "v1",
      status: "pending",
      source: "api",
    }),
    web_url: `${ORIGIN}/jobs/new/-/jobs/${job.id}`,
    project: { ci_job_token_scope_enabled: false },
    artifacts: [],
    runner: null,
    runner_manager: null,
    artifacts_expire_at: null,
    archived: false,
    tag_list: ["a", "b"],
    attempt: 0,
    exit_code: null,
    trace_verified: null,
    pending_reason: "no runner serves this project",
  });
});

describe("what a request says reaches the build", () => {
  test("with defaults of the project for what is missing", async () => {
    const project = await createProject({ default_branch: "trunk", build_timeout: 77 });
    const { id } = await createJob(project.id, { image: null });
    const spec = valueOf(await buildStub(env, id).original());
    const expected = { name: "unit", ref: "trunk", sha: ZEROS, beforeSha: ZEROS, script: ["true"], timeoutSeconds: 77 };
    expect(spec).toEqual(specOf({ ...expected, pipeline: spec.pipeline }));
  });

  const variable = { public: true, masked: false, file: false, raw: false };
  test.each<[sent: object, kept: Partial<BuildSpec>]>([
    [{ script: "make" }, { script: ["make"] }],
    [{ script: [["a", ["b"]], "c"] }, { script: ["a", "b", "c"] }],
    [{ timeout: "1h 30m" }, { timeoutSeconds: 5400 }],
    [{ timeout: "90 minutes" }, { timeoutSeconds: 5400 }],
    [{ timeout: 77 }, { timeoutSeconds: 77 }],
    [
      { variables: { N: 5, F: 0.5, T: true, E: null, R: { value: "$X", expand: false }, V: { value: null } } },
      {
        variables: [
          { key: "N", value: "5", public: true, masked: false, file: false, raw: false },
          { key: "F", value: "0.5", public: true, masked: false, file: false, raw: false },
          { key: "T", value: "true", public: true, masked: false, file: false, raw: false },
          { key: "E", value: "", public: true, masked: false, file: false, raw: false },
          { key: "R", value: "$X", public: true, masked: false, file: false, raw: true },
          { key: "V", value: "", public: true, masked: false, file: false, raw: false },
        ],
      },
    ],
    // Null is not given, at any depth.
    [
      { artifacts: { paths: ["a", null], expire_in: null, reports: { junit: null } } },
      { artifacts: { paths: ["a"], reports: {} } },
    ],
    [
      { image: { name: "x", entrypoint: null, docker: { user: null, platform: "linux/arm64" } } },
      { image: { name: "x", docker: { platform: "linux/arm64" } } },
    ],
    [
      { services: ["a", null], tags: ["b", null], script: ["c", null] },
      { services: [{ name: "a" }], tags: ["b"], script: ["c"] },
    ],
    [
      { cache: null, hooks: { pre_get_sources_script: null }, variables: [{ key: "A", value: null, masked: null }] },
      { cache: [], preGetSourcesScript: [] },
    ],
    [{ when: "on_success", allow_failure: false, retry: 0, needs: null }, {}],
    [
      { cache: { untracked: true, unprotect: true, policy: "$POLICY" } },
      { cache: [{ key: "default", untracked: true, unprotect: true, policy: "$POLICY" }] },
    ],
    [
      { before_script: ["a", "b"], after_script: "c" },
      { beforeScript: ["a", "b"], afterScript: ["c"] },
    ],
    [{ image: "alpine:3" }, { image: { name: "alpine:3" } }],
    [{ image: { name: "alpine", entrypoint: "" } }, { image: { name: "alpine", entrypoint: [""] } }],
    [
      { services: ["redis", { name: "postgres", alias: "db", command: ["-v"] }] },
      { services: [{ name: "redis" }, { name: "postgres", alias: "db", command: ["-v"] }] },
    ],
    [
      { variables: { A: "1", B: 2, C: { value: "3", variable_type: "file" } } },
      {
        variables: [
          { ...variable, key: "A", value: "1" },
          { ...variable, key: "B", value: "2" },
          { ...variable, key: "C", value: "3", file: true },
        ],
      },
    ],
    [
      { variables: [{ key: "S", value: "secret-1", masked: true }] },
      { variables: [{ key: "S", value: "secret-1", public: false, masked: true, file: false, raw: false }] },
    ],
    [
      { artifacts: { paths: "out/", expire_in: "1 week", when: "always", reports: { junit: "j.xml" } } },
      { artifacts: { paths: ["out/"], expireIn: "1 week", when: "always", reports: { junit: ["j.xml"] } } },
    ],
    [
      { services: [{ name: "db", variables: { A: 1, constructor: "x" }, pull_policy: "always" }] },
      {
        services: [
          {
            name: "db",
            variables: [
              { key: "A", value: "1" },
              { key: "constructor", value: "x" },
            ],
            pullPolicy: ["always"],
          },
        ],
      },
    ],
    [
      {
        image: {
          name: "x",
          pull_policy: ["never", "if-not-present"],
          docker: { platform: "linux/arm64", user: 1000 },
          kubernetes: { user: "1000:1000" },
        },
      },
      {
        image: {
          name: "x",
          pullPolicy: ["never", "if-not-present"],
          docker: { platform: "linux/arm64", user: "1000" },
          kubernetes: { user: "1000:1000" },
        },
      },
    ],
    [
      { variables: [{ key: "R", value: "$X", raw: true }] },
      { variables: [{ ...variable, key: "R", value: "$X", raw: true }] },
    ],
    [
      { artifacts: { reports: { dotenv: "a.env", coverage_report: { coverage_format: "jacoco", path: "j.xml" } } } },
      { artifacts: { reports: { dotenv: ["a.env"], jacoco: ["j.xml"] } } },
    ],
    [{ hooks: { pre_get_sources_script: "echo first" } }, { preGetSourcesScript: ["echo first"] }],
    [{ protected: "true" }, { refProtected: true }],
    [{ cache: { key: "k", paths: ["m"] } }, { cache: [{ key: "k", paths: ["m"] }] }],
    [{ cache: [{ key: "a" }, { key: "b", policy: "pull" }] }, { cache: [{ key: "a" }, { key: "b", policy: "pull" }] }],
    [{ tags: ["b", "a", "b"] }, { tags: ["a", "b"] }],
    [{ ref: "refs/heads/main" }, { ref: "main", tag: false }],
    [{ ref: "refs/tags/v1" }, { ref: "v1", tag: true }],
    [{ ref: "refs/merge-requests/5/head" }, { ref: "refs/merge-requests/5/head", tag: false }],
    [{ name: "a\u202egpj" }, { name: "agpj" }],
    [
      { timeout: "90", allow_git_fetch: "false", tag: 1, before_sha: SHA },
      { timeoutSeconds: 90, allowGitFetch: false, tag: true, beforeSha: SHA },
    ],
  ])("%j", async (sent, kept) => {
    expect(await specOfJob(sent)).toMatchObject(kept);
  });

  test("numbers are texts with the digits that were written", async () => {
    const { id } = await createProject();
    const body = '{"name":"x","script":"y","variables":{"A":12345678901234567890,"B":1.0,"C":1.10,"D":true,"E":-0.5}}';
    const response = await consumer("POST", `/projects/${id}/jobs`, { raw: body });
    const job = (await response.json()) as { id: number };
    const { variables } = valueOf(await buildStub(env, job.id).original());
    expect(variables.map(({ value }) => value)).toEqual(["12345678901234567890", "1.0", "1.10", "true", "-0.5"]);
    const infinite = await consumer("POST", `/projects/${id}/jobs`, { raw: body.replace("1.0", "1e400") });
    expect(infinite.status).toBe(400);
  });

  test("also as a form", async () => {
    const { id } = await createProject();
    const response = await consumer("POST", `/projects/${id}/jobs?name=form&script[]=one&script[]=two&tags=x`);
    expect(response.status).toBe(201);
    const job = (await response.json()) as { id: number };
    expect(valueOf(await buildStub(env, job.id).original())).toMatchObject({ name: "form", script: ["one", "two"] });
  });

  test("dependencies of the same project, and of no other", async () => {
    const { id } = await createProject();
    const first = await createJob(id);
    const second = await createJob(id, { dependencies: [first.id, first.id] });
    expect(valueOf(await buildStub(env, second.id).original())).toMatchObject({ dependencies: [first.id] });
    const other = await createProject();
    const body = { name: "x", script: "y", dependencies: [first.id] };
    const error = `dependencies ${first.id} is not a job of this project`;
    expect(await answer("POST", `/projects/${other.id}/jobs`, { body })).toEqual([400, { error }]);
  });
});

describe("bad input is refused with the name of the field", () => {
  test.each<[change: object, error: string]>([
    [{ name: undefined }, "name is missing"],
    [{ name: "" }, "name is missing"],
    [{ script: undefined }, "script is missing"],
    [{ script: [] }, "script can't be blank"],
    [{ script: " " }, "script can't be blank"],
    [{ script: { a: 1 } }, "script config should be a string or a nested array of strings up to 10 levels deep"],
    [{ sha: "abc1234" }, "sha is invalid"],
    [{ sha: "main" }, "sha is invalid"],
    [{ before_sha: "0".repeat(65) }, "before_sha is invalid"],
    [{ ref: "a\nb" }, "ref is invalid"],
    ...["a..b", "x*", "x:y", "a b", "refs/heads/", "a\u202eb"].map((ref): [object, string] => [
      { ref },
      "ref is not a name that git takes",
    ]),
    [{ name: "a\0b" }, "name has a NUL or half a surrogate pair"],
    [{ script: ["\ud83d"] }, "script.0 has a NUL or half a surrogate pair"],
    [{ variables: { A: "a\0" } }, "variables.A has a NUL or half a surrogate pair"],
    [{ tags: ["a\nb"] }, "tags has a tag with control characters"],
    [
      { variables: [{ key: "S", value: "pw1234", masked: true }] },
      "variables.S must have at least 8 characters to be masked",
    ],
    [
      { variables: { S: { value: "pa$$word-1234", masked: true } } },
      "variables.S can't be masked: unless it is raw, it may have only a-z A-Z 0-9 and _ + = / @ : . ~ -",
    ],
    [{ tag: "maybe" }, "tag is invalid"],
    [{ timeout: 0 }, "timeout config should be a duration"],
    [{ timeout: "never" }, "timeout config should be a duration"],
    [{ timeout: "2 months" }, "timeout config should not exceed the limit"],
    [{ needs: ["a"] }, "needs is for jobs of pipelines"],
    [{ when: "manual" }, "when is for jobs of pipelines"],
    [{ retry: 2 }, "retry is for jobs of pipelines"],
    [{ artifacts: { path: ["a"] } }, "artifacts config contains unknown keys: path (did you mean paths?)"],
    [
      { cache: { key: { files: ["go.sum"] } } },
      "cache:key config should be a text: which files the repository has is not known here",
    ],
    [{ image: { entrypoint: ["x"] } }, "image name can't be blank"],
    [{ services: "redis" }, "services config should be an array"],
    [{ services: [{ alias: "db" }] }, "services:service name can't be blank"],
    [{ variables: { "A-B": "1" } }, "variables.0.key is invalid"],
    [{ variables: [{ value: "1" }] }, "variables.0.key is missing"],
    [{ variables: [{ key: "x".repeat(256) }] }, "variables.0.key is invalid"],
    [{ variables: "A=1" }, "variables is invalid"],
    [{ variables: [{ key: "A", variable_type: "secret" }] }, "variables.0.variable_type does not have a valid value"],
    [{ artifacts: { expire_in: "soon" } }, "artifacts expire in should be a duration"],
    [{ image: { name: "x", docker: [] } }, "image:docker config should be a hash"],
    [{ image: { name: "x", pull_policy: [] } }, "image:pull_policy config can't be blank"],
    [
      { image: { name: "x", pull_policy: "sometimes" } },
      "image:pull_policy config should be one of: always, never, if-not-present",
    ],
    [{ services: [{ name: "x", variables: { A: {} } }] }, "services:service:variables:A config must be a string"],
    [{ services: [{ name: "x", ports: [80] }] }, "services:service config contains disallowed keys: ports"],
    [{ artifacts: { reports: ["junit"] } }, "artifacts:reports config should be a hash"],
    [
      { artifacts: { reports: { junit: "a", junk: "b" } } },
      "artifacts:reports config contains unknown keys: junk (did you mean junit?)",
    ],
    [{ artifacts: { reports: { archive: "a" } } }, "artifacts:reports config contains unknown keys: archive"],
    [{ artifacts: { reports: { junit: {} } } }, "artifacts:reports junit should be an array of strings or a string"],
    [
      { artifacts: { reports: { coverage_report: { coverage_format: "lcov", path: "x" } } } },
      "artifacts:reports:coverage_report coverage format must be one of supported formats: cobertura, jacoco.",
    ],
    [
      { artifacts: { reports: { coverage_report: { coverage_format: "jacoco" } } } },
      "artifacts:reports:coverage_report path can't be blank",
    ],
    [
      { hooks: { pre_get_sources_script: {} } },
      "hooks:pre_get_sources_script config should be a string or a nested array of strings up to 10 levels deep",
    ],
    [
      { cache: Array.from({ length: 5 }, (_, index) => ({ key: `k${index}` })) },
      "cache config no more than 4 caches can be created",
    ],
    [{ artifacts: { when: "never" } }, "artifacts when should be one of: on_success, on_failure, always"],
    [{ cache: { policy: "steal" } }, "cache policy should be a variable or one of: pull-push, push, pull"],
    [{ tags: Array.from({ length: 51 }, (_, index) => `t${index}`) }, "tags has more than 50 tags"],
    [{ dependencies: [-1] }, "dependencies.0 is invalid"],
    [{ dependencies: [987_654] }, "dependencies 987654 is not a job of this project"],
  ])("%j", async (change, error) => {
    const { id } = await createProject();
    const body = { name: "unit", script: ["true"], ...change };
    expect(await answer("POST", `/projects/${id}/jobs`, { body })).toEqual([400, { error }]);
  });

  test("a project with a repository needs to know the commit", async () => {
    const { id } = await createProject({ repo_url: "https://git.test/x.git" });
    const body = { name: "unit", script: "true" };
    expect(await answer("POST", `/projects/${id}/jobs`, { body })).toEqual([400, { error: "sha is missing" }]);
    expect(await createJob(id, { sha: SHA })).toMatchObject({ status: "pending" });
  });

  test("a spec of more than a mebibyte is too large, also when the request is not", async () => {
    const { id } = await createProject();
    const large = { name: "unit", script: "x".repeat(1024 * 1024) };
    expect((await consumer("POST", `/projects/${id}/jobs`, { body: large })).status).toBe(413);
    const variables = Object.fromEntries(Array.from({ length: 40_000 }, (_, index) => [`V${index}`, "1"]));
    const expanding = { name: "unit", script: "true", variables };
    expect(JSON.stringify(expanding).length).toBeLessThan(1024 * 1024);
    expect((await consumer("POST", `/projects/${id}/jobs`, { body: expanding })).status).toBe(413);
  });
});

describe("Idempotency-Key", () => {
  const body = { name: "unit", script: ["true"] };

  test("makes a repeated request return the first one's job", async () => {
    const { id } = await createProject();
    const sent = { body, headers: { "Idempotency-Key": "k1" } };
    const first = await entity(201, "POST", `/projects/${id}/jobs`, sent);
    const again = await entity(201, "POST", `/projects/${id}/jobs`, sent);
    expect(again.id).toBe(first.id);
    const other = await entity(201, "POST", `/projects/${id}/jobs`, { body, headers: { "Idempotency-Key": "k2" } });
    expect(other.id).not.toBe(first.id);
  });

  test("can't be used again for another request", async () => {
    const { id } = await createProject();
    const headers = { "Idempotency-Key": "k1" };
    await entity(201, "POST", `/projects/${id}/jobs`, { body, headers });
    const different = { body: { ...body, name: "other" }, headers };
    const error = "Idempotency-Key was used for a different request";
    expect(await answer("POST", `/projects/${id}/jobs`, different)).toEqual([400, { error }]);
  });

  test.each(["", "k".repeat(256)])("has 1 to 255 characters (%#)", async (key) => {
    const { id } = await createProject();
    const sent = { body, headers: { "Idempotency-Key": key } };
    expect((await consumer("POST", `/projects/${id}/jobs`, sent)).status).toBe(400);
  });
});
