import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import * as v from "valibot";
import { REVISION, VERSION } from "../../src/settings.ts";
import { queueStub } from "../../src/stubs.ts";
import type { LegacyBuild } from "../tools/clients/legacy-build.ts";
import {
  claim,
  enqueue,
  legacy,
  newProject,
  newRunner,
  ORIGIN,
  RUNNER_1_11_5,
  runningBuild,
  valueOf,
} from "../tools/clients/legacy-api.ts";
import { runnerIdOf } from "../tools/runners/fake-runner.ts";

const SHA = v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/));
const integer = v.pipe(v.number(), v.integer());
const artifactsFile = v.strictObject({ filename: v.string(), size: integer });

/** What every entry says of a build; 1.11.5 decodes with Go's encoding/json: one wrong type and the build is lost. */
const outline = {
  id: integer,
  token: v.string(),
  ref: v.string(),
  tag: v.boolean(),
  sha: SHA,
  name: v.string(),
  stage: v.string(),
  project_id: integer,
  project_name: v.string(),
  artifacts_file: v.optional(artifactsFile),
  artifacts_expire_at: v.optional(v.nullable(v.pipe(v.string(), v.isoTimestamp()))),
};

const payload = v.strictObject({
  ...outline,
  status: v.literal("running"),
  commands: v.string(),
  repo_url: v.string(),
  before_sha: SHA,
  allow_git_fetch: v.boolean(),
  timeout: integer,
  variables: v.array(v.strictObject({ key: v.string(), value: v.string(), public: v.boolean(), file: v.boolean() })),
  options: v.strictObject({
    image: v.optional(v.string()),
    services: v.optional(v.array(v.string())),
    artifacts: v.optional(
      v.strictObject({
        name: v.optional(v.string()),
        untracked: v.optional(v.boolean()),
        paths: v.optional(v.array(v.string())),
        when: v.optional(v.picklist(["on_success", "on_failure", "always"])),
        expire_in: v.optional(v.string()),
      }),
    ),
    cache: v.optional(
      v.strictObject({
        key: v.optional(v.string()),
        untracked: v.optional(v.boolean()),
        paths: v.optional(v.array(v.string())),
      }),
    ),
    after_script: v.optional(v.array(v.string())),
  }),
  depends_on_builds: v.array(v.strictObject({ ...outline, status: v.string() })),
  credentials: v.array(v.never()),
});

type Payload = v.InferOutput<typeof payload>;

const checked = (build: LegacyBuild): Payload => v.parse(payload, build);

/** As a shell sees them: of two with one name the later. */
const environment = (build: Payload) => Object.fromEntries(build.variables.map(({ key, value }) => [key, value]));

describe("a claimed build", () => {
  test("comes as JSON with every field in the type that Go decodes, and no cursor", async () => {
    const project = await newProject({ repoUrl: "https://user:pw@git.example.com/group/demo.git" });
    const id = await enqueue(project, {
      name: "unit 1",
      stage: "check",
      beforeScript: ["set -e", "echo a\necho b"],
      script: ["make", "make check"],
      timeoutSeconds: 1234,
      allowGitFetch: false,
    });
    const { token } = await newRunner(project);
    const response = await legacy("POST", "/builds/register.json", {
      json: { token },
      headers: { "User-Agent": RUNNER_1_11_5 },
    });
    expect(response.status).toBe(201);
    expect(response.headers.get("Content-Type")).toMatch(/^application\/json(;|$)/);
    expect(response.headers.has("X-GitLab-Last-Update")).toBe(false);
    const build = checked(await response.json());
    expect(build).toMatchObject({
      id,
      name: "unit 1",
      stage: "check",
      ref: "main",
      tag: false,
      status: "running",
      project_id: project.id,
      project_name: "demo",
      commands: "set -e\necho a\necho b\nmake\nmake check",
      repo_url: "https://user:pw@git.example.com/group/demo.git",
      before_sha: "0".repeat(40),
      timeout: 1234,
      allow_git_fetch: false,
      options: {},
      depends_on_builds: [],
      credentials: [],
    });
    expect(build).not.toHaveProperty("artifacts_file");
  });

  test("has the options in the shape that 1.11.5 can read", async () => {
    const { build } = await runningBuild({
      image: { name: "ruby:2.3", entrypoint: ["/bin/sh"], alias: "x" },
      services: [{ name: "postgres:9.6", alias: "db" }, { name: "redis" }],
      afterScript: ["echo bye", "true"],
      cache: [{ key: "one", paths: ["vendor/"], untracked: true, policy: "pull" }, { key: "two" }],
      artifacts: {
        name: "out",
        untracked: false,
        paths: ["out/"],
        when: "always",
        expireIn: "7 days",
        exclude: ["out/tmp"],
        reports: { junit: ["junit.xml"] },
      },
    });
    expect(checked(build).options).toEqual({
      image: "ruby:2.3",
      services: ["postgres:9.6", "redis"],
      after_script: ["echo bye", "true"],
      cache: { key: "one-non_protected", paths: ["vendor/"], untracked: true },
      artifacts: { name: "out", untracked: false, paths: ["out/"], when: "always", expire_in: "7 days" },
    });
  });

  test("has the predefined variables of both generations, with the token alone kept secret", async () => {
    const project = await newProject();
    const id = await enqueue(project, { ref: "feature/New_Thing", name: "unit", stage: "check", tags: ["a"] });
    const build = checked(await claim(await newRunner(project, { tags: ["a", "b"], description: "edge-1" })));
    const [group, name] = project.path.split("/");
    const both = { ID: `${id}`, NAME: "unit", STAGE: "check", TOKEN: build.token };
    expect(environment(build)).toMatchObject({
      CI: "true",
      GITLAB_CI: "true",
      ...Object.fromEntries(Object.entries(both).map(([key, value]) => [`CI_BUILD_${key}`, value])),
      ...Object.fromEntries(Object.entries(both).map(([key, value]) => [`CI_JOB_${key}`, value])),
      CI_BUILD_REF: build.sha,
      CI_BUILD_BEFORE_SHA: build.before_sha,
      CI_BUILD_REF_NAME: "feature/New_Thing",
      CI_BUILD_REF_SLUG: "feature-new-thing",
      CI_COMMIT_SHA: build.sha,
      CI_COMMIT_REF_NAME: "feature/New_Thing",
      CI_COMMIT_REF_SLUG: "feature-new-thing",
      CI_SERVER_NAME: "Signalbox",
      CI_SERVER_VERSION: VERSION,
      CI_SERVER_REVISION: REVISION,
      CI_SERVER_URL: ORIGIN,
      CI_PROJECT_ID: `${project.id}`,
      CI_PROJECT_NAME: name,
      CI_PROJECT_NAMESPACE: group,
      CI_PROJECT_PATH: project.path,
      CI_PROJECT_URL: `${ORIGIN}/${project.path}`,
      CI_PIPELINE_ID: expect.stringMatching(/^\d+$/),
      CI_RUNNER_ID: expect.stringMatching(/^\d+$/),
      CI_RUNNER_DESCRIPTION: "edge-1",
      CI_RUNNER_TAGS: "a, b",
      CI_JOB_STARTED_AT: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      CI_COMMIT_REF_PROTECTED: "false",
      GITLAB_USER_EMAIL: "admin@signalbox.test",
    });
    expect(environment(build)).not.toHaveProperty("CI_BUILD_TAG");
    const secret = build.variables.filter((variable) => !variable.public).map((variable) => variable.key);
    expect(secret.toSorted()).toEqual(["CI_BUILD_REPO", "CI_BUILD_TOKEN", "CI_JOB_TOKEN", "CI_REPOSITORY_URL"]);
  });

  test("may run no longer than its runner lets any", async () => {
    const project = await newProject();
    await enqueue(project, { timeoutSeconds: 7200 });
    const runner = await newRunner(project);
    valueOf(await queueStub(env).updateRunner(runnerIdOf(runner.token), { maximumTimeoutSeconds: 600 }));
    expect((await claim(runner)).timeout).toBe(600);
  });

  test("of a tag names the tag, and its own variables come last", async () => {
    const { build } = await runningBuild({
      tag: true,
      ref: "v1.0",
      variables: [
        { key: "CI_SERVER_NAME", value: "mine", public: true, masked: false, file: false, raw: false },
        { key: "KEY_FILE", value: "s3cret", public: false, masked: true, file: true, raw: false },
      ],
    });
    expect(build).toMatchObject({ tag: true, ref: "v1.0" });
    expect(environment(checked(build))).toMatchObject({ CI_BUILD_TAG: "v1.0", CI_SERVER_NAME: "mine" });
    expect(build.variables.at(-1)).toEqual({ key: "KEY_FILE", value: "s3cret", public: false, file: true });
  });

  test("names the builds it depends on, each with its archive and a token of its own", async () => {
    const project = await newProject();
    const first = await enqueue(project, { name: "compile", stage: "build" });
    const second = await enqueue(project, { name: "docs", stage: "build" });
    const runner = await newRunner(project);
    const [compile, docs] = [await claim(runner), await claim(runner)];
    const archive = {
      filename: "out.zip",
      content: (async function* () {
        yield new Uint8Array(7);
      })(),
    };
    expect(await runner.uploadArtifacts(compile, archive)).toBe(201);
    await runner.update(compile.id, "success");
    await runner.update(docs.id, "success");
    await enqueue(project, { name: "package", stage: "deploy", dependencies: [first, second] });
    const { depends_on_builds: dependencies, token } = checked(await claim(runner));
    const shared = { ref: "main", tag: false, status: "success", stage: "build", project_id: project.id };
    expect(dependencies).toEqual([
      expect.objectContaining({
        ...shared,
        id: first,
        name: "compile",
        artifacts_file: { filename: "out.zip", size: 7 },
      }),
      expect.objectContaining({ ...shared, id: second, name: "docs" }),
    ]);
    expect(dependencies[1]).not.toHaveProperty("artifacts_file");
    expect(new Set([token, compile.token, docs.token, ...dependencies.map((each) => each.token)]).size).toBe(5);
  });
});
