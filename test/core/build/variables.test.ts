import { describe, expect, it } from "vitest";
import { lonePipeline } from "../../../src/core/build/pipeline-ref.ts";
import type { ProjectSnapshot, Variable } from "../../../src/core/build/spec.ts";
import {
  allVariables,
  predefinedVariables,
  withoutRaw,
  type VariableContext,
} from "../../../src/core/build/variables.ts";
import { specOf } from "../../tools/objects/spec.ts";

const SHA = "0123456789abcdef0123456789abcdef01234567";
const ZEROS = "0".repeat(40);

const pipeline = lonePipeline(7, Date.UTC(2026, 10, 25, 15, 8, 58, 999));

const spec = specOf({ name: "Unit Tests: 1/2", ref: "feature/Thing", sha: SHA, beforeSha: ZEROS, pipeline });

const project: ProjectSnapshot = {
  id: 3,
  name: "My App",
  description: "all of it",
  path: "team/web/my-app",
  configPath: null,
  defaultBranch: "main",
  gitDepth: 20,
  serverUrl: null,
  visibility: "private",
  repoUrl: "https://user:secret@git.example/app.git",
  tokenEpoch: 0,
};

const context: VariableContext = {
  build: {
    id: 42,
    token: "the-build-token",
    timeoutSeconds: 3600,
    startedAtMs: Date.UTC(2026, 10, 25, 15, 9, 1),
  },
  spec,
  project,
  runner: { id: 5, description: "big box", tags: "docker, linux" },
  inherited: [],
  server: { url: "http://localhost:8787", version: "1.2.3", revision: "abc1234" },
};

const valuesOf = (variables: readonly Variable[]): Record<string, string> =>
  Object.fromEntries(variables.map(({ key, value }) => [key, value]));

const values = (changes: Partial<VariableContext> = {}): Record<string, string> =>
  valuesOf(predefinedVariables({ ...context, ...changes }));

it("a branch build is told all of this, in this order", () => {
  expect(predefinedVariables(context).map(({ key, value }) => `${key}=${value}`)).toEqual([
    "CI=true",
    "GITLAB_CI=true",
    "CI_BUILD_ID=42",
    "CI_BUILD_TOKEN=the-build-token",
    `CI_BUILD_REF=${SHA}`,
    `CI_BUILD_BEFORE_SHA=${ZEROS}`,
    "CI_BUILD_REF_NAME=feature/Thing",
    "CI_BUILD_REF_SLUG=feature-thing",
    "CI_BUILD_NAME=Unit Tests: 1/2",
    "CI_BUILD_STAGE=test",
    "CI_BUILD_REPO=https://user:secret@git.example/app.git",
    "CI_SERVER_NAME=Signalbox",
    "CI_SERVER_VERSION=1.2.3",
    "CI_SERVER_REVISION=abc1234",
    "CI_JOB_ID=42",
    "CI_JOB_NAME=Unit Tests: 1/2",
    "CI_JOB_NAME_SLUG=unit-tests--1-2",
    "CI_JOB_STAGE=test",
    "CI_JOB_TIMEOUT=3600",
    "CI_JOB_STARTED_AT=2026-11-25T15:09:01Z",
    "CI_JOB_TOKEN=the-build-token",
    "CI_JOB_URL=http://localhost:8787/team/web/my-app/-/jobs/42",
    "CI_JOB_GROUP_NAME=Unit Tests: 1/2",
    "CI_NODE_TOTAL=1",
    "CI_REPOSITORY_URL=https://user:secret@git.example/app.git",
    "CI_SERVER=yes",
    "CI_SERVER_URL=http://localhost:8787",
    "CI_SERVER_HOST=localhost",
    "CI_SERVER_FQDN=localhost:8787",
    "CI_SERVER_PORT=8787",
    "CI_SERVER_PROTOCOL=http",
    "CI_SERVER_VERSION_MAJOR=1",
    "CI_SERVER_VERSION_MINOR=2",
    "CI_SERVER_VERSION_PATCH=3",
    "CI_API_V4_URL=http://localhost:8787/api/v4",
    "CI_API_GRAPHQL_URL=http://localhost:8787/api/graphql",
    "CI_PROJECT_ID=3",
    "CI_PROJECT_NAME=my-app",
    "CI_PROJECT_TITLE=My App",
    "CI_PROJECT_DESCRIPTION=all of it",
    "CI_PROJECT_PATH=team/web/my-app",
    "CI_PROJECT_PATH_SLUG=team-web-my-app",
    "CI_PROJECT_NAMESPACE=team/web",
    "CI_PROJECT_NAMESPACE_SLUG=team-web",
    "CI_PROJECT_NAMESPACE_ID=0",
    "CI_PROJECT_ROOT_NAMESPACE=team",
    "CI_PROJECT_URL=http://localhost:8787/team/web/my-app",
    "CI_PROJECT_VISIBILITY=private",
    "CI_PROJECT_CLASSIFICATION_LABEL=",
    "CI_PROJECT_REPOSITORY_LANGUAGES=",
    "CI_DEFAULT_BRANCH=main",
    "CI_CONFIG_PATH=.gitlab-ci.yml",
    "CI_PIPELINE_ID=7",
    "CI_PIPELINE_IID=7",
    "CI_PIPELINE_CREATED_AT=2026-11-25T15:08:58Z",
    "CI_PIPELINE_SOURCE=api",
    "CI_PIPELINE_URL=http://localhost:8787/team/web/my-app/-/pipelines/7",
    `CI_COMMIT_SHA=${SHA}`,
    "CI_COMMIT_SHORT_SHA=01234567",
    `CI_COMMIT_BEFORE_SHA=${ZEROS}`,
    "CI_COMMIT_REF_NAME=feature/Thing",
    "CI_COMMIT_REF_SLUG=feature-thing",
    "CI_COMMIT_REF_PROTECTED=false",
    "CI_COMMIT_BRANCH=feature/Thing",
    "CI_COMMIT_TITLE=",
    "CI_COMMIT_MESSAGE=",
    "CI_COMMIT_DESCRIPTION=",
    "CI_COMMIT_AUTHOR=",
    "CI_COMMIT_TIMESTAMP=",
    "CI_RUNNER_ID=5",
    "CI_RUNNER_DESCRIPTION=big box",
    "CI_RUNNER_TAGS=docker, linux",
    "GITLAB_USER_ID=1",
    "GITLAB_USER_LOGIN=admin",
    "GITLAB_USER_NAME=Administrator",
    "GITLAB_USER_EMAIL=admin@localhost",
  ]);
});

it("a tag build is told its tag by both names, and no branch", () => {
  const told = values({ spec: { ...spec, ref: "v1.0", tag: true } });
  expect(told).toMatchObject({ CI_BUILD_TAG: "v1.0", CI_COMMIT_TAG: "v1.0", CI_COMMIT_REF_NAME: "v1.0" });
  expect(told).not.toHaveProperty("CI_COMMIT_BRANCH");
});

it("tokens are masked, and the repository's URLs that have a password; they alone are kept from the public", () => {
  const variables = predefinedVariables(context);
  const keysWhere = (test: (variable: Variable) => boolean) => variables.filter(test).map(({ key }) => key);
  expect(keysWhere(({ masked }) => masked)).toEqual([
    "CI_BUILD_TOKEN",
    "CI_BUILD_REPO",
    "CI_JOB_TOKEN",
    "CI_REPOSITORY_URL",
  ]);
  const open = { ...context, project: { ...project, repoUrl: "https://git.example/app.git" } };
  expect(predefinedVariables(open).filter(({ masked }) => masked)).toMatchObject([
    { key: "CI_BUILD_TOKEN" },
    { key: "CI_JOB_TOKEN" },
  ]);
  expect(keysWhere((variable) => !variable.public)).toEqual([
    "CI_BUILD_TOKEN",
    "CI_BUILD_REPO",
    "CI_JOB_TOKEN",
    "CI_REPOSITORY_URL",
  ]);
  expect(keysWhere(({ file }) => file)).toEqual([]);
});

it("no variable has the token of the build but the two that are masked", () => {
  const holders = predefinedVariables(context).filter(({ value }) => value.includes("the-build-token"));
  expect(holders.map(({ masked }) => masked)).toEqual([true, true]);
});

it("a text that somebody else chose is not expanded, and a dollar is doubled for runners that don't know raw", () => {
  const told = predefinedVariables({ ...context, spec: { ...spec, ref: "feat/$HOME", name: "cost $5" } });
  const raw = told.filter((variable) => variable.raw).map(({ key }) => key);
  expect(raw).toEqual(expect.arrayContaining(["CI_COMMIT_REF_NAME", "CI_COMMIT_BRANCH", "CI_JOB_NAME"]));
  expect(told.find(({ key }) => key === "CI_PROJECT_ID")?.raw).toBe(false);
  const doubled = withoutRaw(told);
  expect(doubled.some((variable) => variable.raw)).toBe(false);
  expect(doubled.find(({ key }) => key === "CI_COMMIT_REF_NAME")?.value).toBe("feat/$$HOME");
  expect(doubled.find(({ key }) => key === "CI_JOB_NAME")?.value).toBe("cost $$5");
});

it("a job with an image is told it, and a ref that is no branch is none by name", () => {
  expect(values({ spec: { ...spec, image: { name: "alpine:3" } } })).toMatchObject({ CI_JOB_IMAGE: "alpine:3" });
  expect(values()).not.toHaveProperty("CI_JOB_IMAGE");
  const told = values({ spec: { ...spec, ref: "refs/merge-requests/5/head" } });
  expect(told).toMatchObject({ CI_COMMIT_REF_NAME: "refs/merge-requests/5/head" });
  expect(told).not.toHaveProperty("CI_COMMIT_BRANCH");
});

it("a build of a protected ref is told so", () => {
  expect(values({ spec: { ...spec, refProtected: true } })).toMatchObject({ CI_COMMIT_REF_PROTECTED: "true" });
});

it("each name occurs once", () => {
  const keys = predefinedVariables(context).map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
});

it("a project without a repository has empty URLs for it", () => {
  const told = values({ project: { ...project, repoUrl: "" } });
  expect(told).toMatchObject({ CI_REPOSITORY_URL: "", CI_BUILD_REPO: "" });
});

describe("the server's address is taken apart", () => {
  it.each([
    ["https://ci.example", "ci.example", "443", "https"],
    ["http://ci.example", "ci.example", "80", "http"],
    ["https://ci.example:8443", "ci.example", "8443", "https"],
  ])("%s", (url, host, port, protocol) => {
    expect(values({ server: { ...context.server, url } })).toMatchObject({
      CI_SERVER_URL: url,
      CI_SERVER_HOST: host,
      CI_SERVER_PORT: port,
      CI_SERVER_PROTOCOL: protocol,
      CI_API_V4_URL: `${url}/api/v4`,
    });
  });
});

it.each([
  ["19.3.0-signalbox.2", ["19", "3", "0"]],
  ["2.1-7", ["2", "1", "0"]],
  ["dev-7", ["0", "0", "0"]],
])("version %s is taken apart", (version, [major, minor, patch]) => {
  expect(values({ server: { ...context.server, version } })).toMatchObject({
    CI_SERVER_VERSION: version,
    CI_SERVER_VERSION_MAJOR: major,
    CI_SERVER_VERSION_MINOR: minor,
    CI_SERVER_VERSION_PATCH: patch,
  });
});

it("what a build inherits comes next, and its own variables last, unchanged and in their order", () => {
  const own: Variable[] = [
    { key: "Z", value: "1", public: true, masked: false, file: false, raw: false },
    { key: "CI_COMMIT_SHA", value: "mine", public: false, masked: true, file: true, raw: false },
    { key: "A", value: "", public: true, masked: false, file: false, raw: false },
  ];
  const inherited = [
    { key: "A", value: "2" },
    { key: "B", value: "$Z" },
  ];
  const variables = allVariables({ ...context, spec: { ...spec, variables: own }, inherited });
  const hidden = { public: false, masked: false, file: false, raw: false };
  expect(variables).toEqual([
    ...predefinedVariables(context),
    { key: "A", value: "2", ...hidden },
    { key: "B", value: "$Z", ...hidden },
    ...own,
  ]);
});

it("what a build inherits can't send it to another server or repository, or give it another token", () => {
  const evil = [
    "CI_JOB_TOKEN",
    "CI_BUILD_TOKEN",
    "CI_API_V4_URL",
    "CI_SERVER_URL",
    "CI_REPOSITORY_URL",
    "CI_BUILD_REPO",
    "CI_SERVER_HOST",
    "CI_PROJECT_URL",
    "CI_PIPELINE_URL",
    "CI_JOB_URL",
  ];
  const inherited = evil.map((key) => ({ key, value: "https://evil.example" }));
  expect(allVariables({ ...context, inherited })).toEqual(allVariables({ ...context, inherited: [] }));
});

it.each([
  ["a title alone", "Mend it", "Mend it", ""],
  ["a title and a body", "Mend it\n\nIt was broken.\n", "Mend it", "It was broken.\n"],
  [
    "a first line that is too long for a title",
    `${"x".repeat(100)}\nmore`,
    "x".repeat(100),
    `${"x".repeat(100)}\nmore`,
  ],
])("a commit with %s has these variables", (_what, message, title, description) => {
  const commit = {
    message,
    authorName: "Ada",
    authorEmail: "ada@example.com",
    committedAt: "2026-11-25T16:00:00+01:00",
  };
  expect(values({ spec: { ...spec, commit } })).toMatchObject({
    CI_COMMIT_TITLE: title,
    CI_COMMIT_MESSAGE: message,
    CI_COMMIT_DESCRIPTION: description,
    CI_COMMIT_AUTHOR: "Ada <ada@example.com>",
    CI_COMMIT_TIMESTAMP: "2026-11-25T16:00:00+01:00",
  });
});

it("a build of another user's pipeline says so", () => {
  const user = { id: 5, username: "ada", name: "Ada" };
  const changed = { ...spec, user, pipeline: { ...pipeline, iid: 3 } };
  expect(values({ spec: changed })).toMatchObject({
    CI_PIPELINE_ID: "7",
    CI_PIPELINE_IID: "3",
    GITLAB_USER_ID: "5",
    GITLAB_USER_LOGIN: "ada",
    GITLAB_USER_NAME: "Ada",
  });
});
