import { describe, expect, it } from "vitest";
import { presentClaimed } from "../../src/api/ci-v1/present.ts";
import { presentJob } from "../../src/api/runner-v4/present.ts";
import { lonePipeline } from "../../src/core/build/pipeline-ref.ts";
import { FAILURE_REASONS } from "../../src/core/build/build.ts";
import type { BuildSpec } from "../../src/core/build/spec.ts";
import { readSpec } from "../../src/core/build/stored-spec.ts";
import type { JobPayload } from "../tools/wire/go-payload.ts";
import { claimedOf, dependencies, ORIGIN, payloadOf, QUEUED_MS, runner } from "../tools/wire/job-payload.ts";
import type { Case } from "../tools/wire/job-payload.ts";
import { specOf } from "../tools/objects/spec.ts";

/** As a job's shell sees them: of two with one name the later. */
const environmentOf = ({ variables }: JobPayload) =>
  Object.fromEntries(variables.map(({ key, value }) => [key, value]));

it("a job with nothing special in it has every field, and what is not needed is empty", () => {
  const { variables, features, ...rest } = payloadOf();
  expect(rest).toEqual({
    id: 42,
    token: "the-build-token",
    allow_git_fetch: true,
    job_info: {
      id: 42,
      name: "test",
      stage: "test",
      pipeline_id: 8,
      project_id: 3,
      project_name: "My App",
      project_full_path: "team/web/my-app",
      namespace_id: 0,
      root_namespace_id: 0,
      organization_id: 0,
      instance_id: "ci.example",
      instance_uuid: "",
      user_id: 1,
      scoped_user_id: null,
      time_in_queue_seconds: 2.5,
      project_jobs_running_on_instance_runners_count: "+Inf",
      queue_size: 9,
      queue_depth: 2,
    },
    git_info: {
      repo_url: "https://user:pw@git.example/app.git",
      repo_object_format: "sha1",
      ref: "main",
      sha: specOf().sha,
      before_sha: "0".repeat(40),
      ref_type: "branch",
      refspecs: ["+refs/heads/main:refs/remotes/origin/main"],
      depth: 20,
      protected: false,
    },
    runner_info: { timeout: 3600, uuid: "5" },
    steps: [{ name: "script", script: ["echo hello"], timeout: 3600, when: "on_success", allow_failure: false }],
    image: null,
    services: [],
    artifacts: [],
    cache: [],
    credentials: [],
    dependencies: [],
    hooks: [],
    inputs: [],
  });
  expect(features).toEqual({
    trace_sections: true,
    token_mask_prefixes: expect.arrayContaining(["glpat-", "glrt-"]),
    failure_reasons: FAILURE_REASONS,
  });
  expect(environmentOf({ variables } as JobPayload)).toMatchObject({
    CI_JOB_ID: "42",
    CI_JOB_TOKEN: "the-build-token",
    CI_JOB_STARTED_AT: "2026-11-25T12:00:02Z",
    CI_SERVER_URL: ORIGIN,
    CI_RUNNER_TAGS: String.raw`["linux", "a\"b"]`,
  });
});

it("a job that is still bound, and has not begun, has waited until now", () => {
  const payload = payloadOf({ summary: { status: "pending", startedAtMs: null } });
  expect(payload.job_info.time_in_queue_seconds).toBe(4);
  expect(environmentOf(payload)).toMatchObject({ CI_JOB_STARTED_AT: "2026-11-25T12:00:04Z" });
});

it.each([
  [0, "0"],
  [4, "4"],
  [5, "5+"],
  [80, "5+"],
  [null, "+Inf"],
])("%s other jobs of the project on instance runners are told as %j", (projectRunningOnInstanceRunners, told) => {
  const { job_info: info } = payloadOf({ figures: { projectRunningOnInstanceRunners } });
  expect(info.project_jobs_running_on_instance_runners_count).toBe(told);
});

describe("what is fetched", () => {
  const all = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];
  const depthOf = (value: string) => ({
    variables: [{ key: "GIT_DEPTH", value, public: true, masked: false, file: false, raw: false }],
  });

  it.each<[what: string, given: Case, git: object]>([
    [
      "a branch",
      { spec: { ref: "a/b" } },
      { refspecs: ["+refs/heads/a/b:refs/remotes/origin/a/b"], ref_type: "branch" },
    ],
    [
      "a tag",
      { spec: { tag: true, ref: "v1" } },
      { refspecs: ["+refs/tags/v1:refs/tags/v1"], ref_type: "tag", ref: "v1", depth: 20 },
    ],
    ["the project's depth", { project: { gitDepth: 7 } }, { depth: 7 }],
    ["all, when that is 0", { project: { gitDepth: 0 } }, { depth: 0, refspecs: all }],
    [
      "all of a tag's repository",
      { project: { gitDepth: 0 }, spec: { tag: true } },
      { refspecs: all, ref_type: "tag" },
    ],
    ["the job's depth", { spec: depthOf("3") }, { depth: 3 }],
    [
      "the last depth given",
      { spec: { variables: [...depthOf("3").variables, ...depthOf("4").variables] } },
      { depth: 4 },
    ],
    ["all, for GIT_DEPTH 0", { spec: depthOf("0") }, { depth: 0, refspecs: all }],
    ["all, for an empty GIT_DEPTH", { spec: depthOf("") }, { depth: 0, refspecs: all }],
    ["all, for garbage", { spec: depthOf("deep") }, { depth: 0, refspecs: all }],
    ["all, for a negative one", { spec: depthOf("-1") }, { depth: 0, refspecs: all }],
    ["what it begins with", { spec: depthOf(" 12.5e9x") }, { depth: 12 }],
    ["no more than git can count", { spec: depthOf("9".repeat(400)) }, { depth: 2_147_483_647 }],
    ["commits by SHA-256", { spec: { sha: "ab".repeat(32) } }, { repo_object_format: "sha256" }],
    ["a protected ref", { spec: { refProtected: true } }, { protected: true }],
    ["nothing, without a repository", { project: { repoUrl: "" } }, { repo_url: "" }],
  ])("%s", (_what, given, git) => {
    expect(payloadOf(given).git_info).toMatchObject(git);
  });
});

it.each([
  [60, null, 60],
  [60, 3600, 60],
  [3600, 60, 60],
])(
  "a job of %d s on a runner that allows %s runs for %d s at most",
  (timeoutSeconds, maximumTimeoutSeconds, seconds) => {
    const spec = { timeoutSeconds, afterScript: ["true"] };
    const { runner_info: info, steps } = payloadOf({ spec, runner: { maximumTimeoutSeconds } });
    expect([info.timeout, ...steps.map((step) => step.timeout)]).toEqual([seconds, seconds, seconds]);
  },
);

it("before_script runs with the script, after_script and hooks by themselves", () => {
  const { steps, hooks } = payloadOf({
    spec: {
      beforeScript: ["set -e", "a"],
      script: ["b\nc"],
      afterScript: ["d", "e"],
      preGetSourcesScript: ["first"],
    },
  });
  expect(steps).toEqual([
    { name: "script", script: ["set -e", "a", "b\nc"], timeout: 3600, when: "on_success", allow_failure: false },
    { name: "after_script", script: ["d", "e"], timeout: 3600, when: "always", allow_failure: true },
  ]);
  expect(hooks).toEqual([{ name: "pre_get_sources_script", script: ["first"] }]);
});

it("an image and services have all that was said of them, and nothing else", () => {
  const { image, services } = payloadOf({
    spec: {
      image: { name: "alpine", entrypoint: [""], pullPolicy: ["always", "never"], docker: { user: "1000" } },
      services: [
        { name: "redis" },
        {
          name: "postgres",
          alias: "db",
          command: ["-v"],
          ports: [{ number: 5432, protocol: "http", name: "default_port" }],
          variables: [{ key: "A", value: "1" }],
          kubernetes: { user: "0:0" },
        },
      ],
    },
  });
  expect(image).toEqual({
    name: "alpine",
    entrypoint: [""],
    pull_policy: ["always", "never"],
    executor_opts: { docker: { user: "1000" } },
  });
  expect(services).toEqual([
    { name: "redis" },
    {
      name: "postgres",
      alias: "db",
      command: ["-v"],
      ports: [{ number: 5432, protocol: "http", name: "default_port" }],
      variables: [{ key: "A", value: "1" }],
      executor_opts: { kubernetes: { user: "0:0" } },
    },
  ]);
});

it("a variable says whether it is masked, a file or raw; the last two when they are", () => {
  const plain = { key: "P", value: "1", public: true, masked: false, file: false, raw: false };
  const own = [
    plain,
    { ...plain, key: "S", public: false, masked: true, file: true },
    { ...plain, key: "R", raw: true },
  ];
  expect(payloadOf({ spec: { variables: own } }).variables.slice(-3)).toEqual([
    { key: "P", value: "1", public: true, masked: false },
    { key: "S", value: "1", public: false, masked: true, file: true },
    { key: "R", value: "1", public: true, masked: false, raw: true },
  ]);
});

describe("artifacts", () => {
  const zip = { artifact_type: "archive", artifact_format: "zip" };

  it.each<[artifacts: BuildSpec["artifacts"], entries: object[]]>([
    [{ paths: ["out/"] }, [{ paths: ["out/"], ...zip }]],
    [{ untracked: true }, [{ untracked: true, ...zip }]],
    [{ paths: ["a"], exclude: [] }, [{ paths: ["a"], ...zip }]],
    [
      { name: "n", untracked: false, paths: ["a"], exclude: ["a/b"], when: "on_failure", expireIn: "1 day" },
      [{ name: "n", untracked: false, paths: ["a"], exclude: ["a/b"], when: "on_failure", expire_in: "1 day", ...zip }],
    ],
    [{ untracked: false, paths: [], expireIn: "1 day" }, []],
    [
      {
        paths: ["a"],
        when: "on_success",
        expireIn: "1 day",
        reports: { junit: ["j*.xml"], sast: ["s"], lsif: ["l"] },
      },
      [
        { paths: ["a"], when: "on_success", expire_in: "1 day", ...zip },
        ...[
          { name: "junit.xml", paths: ["j*.xml"], artifact_type: "junit", artifact_format: "gzip" },
          { name: "gl-sast-report.json", paths: ["s"], artifact_type: "sast", artifact_format: "raw" },
          { name: "lsif.json", paths: ["l"], artifact_type: "lsif", artifact_format: "zip" },
        ].map((report) => ({ ...report, when: "always", expire_in: "1 day" })),
      ],
    ],
    [
      { reports: { dotenv: ["b.env"] } },
      [{ name: ".env", paths: ["b.env"], when: "always", artifact_type: "dotenv", artifact_format: "gzip" }],
    ],
    [{ reports: { from_before_types_were_checked: ["x"] } }, []],
  ])("%j", (artifacts, entries) => {
    expect(payloadOf({ spec: { artifacts } }).artifacts).toEqual(entries);
  });
});

it("caches come as they were given, apart for protected refs and others", () => {
  const cache: BuildSpec["cache"] = [
    { key: "a", paths: ["m/"], policy: "pull", when: "always", untracked: true, fallbackKeys: ["b"] },
    { key: "b" },
  ];
  expect(payloadOf({ spec: { cache } }).cache).toEqual([
    {
      key: "a-non_protected",
      paths: ["m/"],
      policy: "pull",
      when: "always",
      untracked: true,
      fallback_keys: ["b-non_protected"],
    },
    { key: "b-non_protected" },
  ]);
});

it("dependencies are fetched with the job's own token, when they have an archive", () => {
  expect(payloadOf({ dependencies }).dependencies).toEqual([
    { id: 7, name: "dependency 7", token: "the-build-token", artifacts_file: { filename: "out.zip", size: 7 } },
    { id: 8, name: "dependency 8", token: "the-build-token" },
  ]);
});

it("what dependencies hand on comes before the job's own variables, in both dialects", () => {
  const own = { key: "VERSION", value: "0", public: true, masked: false, file: false, raw: false };
  const given = { dependencies, spec: { variables: [own] } };
  const secret = { public: false, masked: false };
  expect(payloadOf(given).variables.slice(-3)).toEqual([
    { key: "VERSION", value: "1.2 $X", ...secret },
    { key: "VERSION", value: "1.3", ...secret },
    { key: "VERSION", value: "0", public: true, masked: false },
  ]);
  expect(presentClaimed(claimedOf(given), runner, ORIGIN).variables.slice(-3)).toEqual([
    { key: "VERSION", value: "1.2 $X", public: false, file: false },
    { key: "VERSION", value: "1.3", public: false, file: false },
    { key: "VERSION", value: "0", public: true, file: false },
  ]);
});

it("a raw value keeps its dollars, also for runners that would expand them", () => {
  const own = { key: "R", value: "robot$ci", public: true, masked: false, file: false, raw: true };
  const given = { spec: { variables: [own] } };
  expect(payloadOf(given).variables.at(-1)).toMatchObject({ value: "robot$ci", raw: true });
  expect(payloadOf({ ...given, knowsRaw: false }).variables.at(-1)).toEqual({
    key: "R",
    value: "robot$$ci",
    public: true,
    masked: false,
  });
  expect(presentClaimed(claimedOf(given), runner, ORIGIN).variables.at(-1)).toMatchObject({ value: "robot$$ci" });
});

it("a ref that is neither branch nor tag is fetched by its own name", () => {
  const git = payloadOf({ spec: { ref: "refs/merge-requests/5/head" } }).git_info;
  expect(git.refspecs).toEqual(["+refs/merge-requests/5/head:refs/merge-requests/5/head"]);
});

it("a build that an earlier version stored is as good as any", () => {
  const { refProtected: _1, preGetSourcesScript: _2, commit: _3, pipeline: _4, user: _5, ...old } = specOf();
  const json = JSON.stringify({
    ...old,
    variables: [{ key: "A", value: "1", public: true, masked: false, file: false }],
    image: { name: "x", pull_policy: ["never"] },
    services: [{ name: "y", alias: "z", pull_policy: ["always"] }, { name: "w" }],
    artifacts: { paths: ["a"], expire_in: "2 days" },
    cache: [{ key: "k", fallback_keys: ["f"] }, { key: "l" }],
  });
  const spec = readSpec(json, lonePipeline(77, QUEUED_MS));
  const payload = payloadOf({ spec });
  const { git_info: git, hooks, variables, image, services, artifacts, cache } = payload;
  expect(payload.job_info).toMatchObject({ pipeline_id: 77, user_id: 1 });
  expect(environmentOf(payload)).toMatchObject({
    CI_PIPELINE_ID: "77",
    CI_PIPELINE_IID: "77",
    CI_PIPELINE_SOURCE: "api",
    CI_PIPELINE_CREATED_AT: "2026-11-25T12:00:00Z",
    CI_COMMIT_MESSAGE: "",
    GITLAB_USER_LOGIN: "admin",
  });
  expect({ protected: git.protected, hooks }).toEqual({ protected: false, hooks: [] });
  expect(variables.at(-1)).toEqual({ key: "A", value: "1", public: true, masked: false });
  expect(image).toEqual({ name: "x", pull_policy: ["never"] });
  expect(services).toEqual([{ name: "y", alias: "z", pull_policy: ["always"] }, { name: "w" }]);
  expect(artifacts).toMatchObject([{ paths: ["a"], expire_in: "2 days" }]);
  expect(cache).toEqual([{ key: "k-non_protected", fallback_keys: ["f-non_protected"] }, { key: "l-non_protected" }]);
});

/** The same, with a member in every object that no dialect knows. */
const withUnknown = <T>(value: T): T => {
  if (Array.isArray(value)) return value.map(withUnknown) as T;
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([key, inner]) => [key, withUnknown(inner)]);
  return { ...Object.fromEntries(members), added: "leak" } as T;
};

it("what the core adds to anything no runner is sent, in either dialect", () => {
  const image = {
    name: "x",
    ports: [{ number: 80, protocol: "http", name: "web" }],
    variables: [{ key: "A", value: "1" }],
    docker: { user: "1" },
    kubernetes: { user: "1" },
  } as const;
  const spec: BuildSpec = specOf({
    image,
    services: [image],
    variables: [{ key: "P", value: "1", public: true, masked: false, file: false, raw: false }],
    artifacts: { paths: ["a"], exclude: ["b"], reports: { junit: ["j.xml"] } },
    cache: [{ key: "k" }],
    afterScript: ["true"],
  });
  const claimed = withUnknown(claimedOf({ spec, dependencies }));
  const figures = withUnknown({ queueSize: 1, queueDepth: 1, projectRunningOnInstanceRunners: 1 });
  const asked = withUnknown(runner);
  expect(JSON.stringify(claimed)).toContain("leak");
  expect(JSON.stringify(presentJob(claimed, asked, figures, ORIGIN, true))).not.toContain("leak");
  expect(JSON.stringify(presentClaimed(claimed, asked, ORIGIN))).not.toContain("leak");
});
