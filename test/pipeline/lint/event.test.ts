import { describe, expect, it } from "vitest";
import { type AskedEvent, contextOf } from "../../../src/pipeline/lint/event.ts";
import { makeConditions } from "../../../src/pipeline/expressions/make-conditions.ts";

const event = (given: Partial<AskedEvent>): AskedEvent => ({
  ref: "",
  tag: false,
  sha: null,
  source: "push",
  defaultBranch: "trunk",
  project: "tools/anvil",
  predefined: [],
  variables: [],
  changes: null,
  tree: null,
  ...given,
});

const variablesOf = (given: Partial<AskedEvent>): ReadonlyMap<string, string> =>
  new Map(contextOf(event(given))?.predefined.map(({ key, value }) => [key, value]));

describe("the event that somebody describes", () => {
  it.each<[string, Partial<AskedEvent>, string, Record<string, string | undefined>]>([
    ["nothing", {}, "trunk", { CI_COMMIT_BRANCH: "trunk", CI_COMMIT_TAG: undefined, CI_PIPELINE_SOURCE: "push" }],
    ["a branch", { ref: "Fix/One" }, "Fix/One", { CI_COMMIT_BRANCH: "Fix/One", CI_COMMIT_REF_SLUG: "fix-one" }],
    ["a branch's whole name", { ref: "refs/heads/a" }, "a", { CI_COMMIT_BRANCH: "a", CI_COMMIT_REF_NAME: "a" }],
    ["a tag", { ref: "v1", tag: true }, "v1", { CI_COMMIT_TAG: "v1", CI_COMMIT_BRANCH: undefined }],
    ["a tag's whole name", { ref: "refs/tags/v1" }, "v1", { CI_COMMIT_TAG: "v1", CI_COMMIT_BRANCH: undefined }],
    ["a commit", { sha: "abcdef0123456789" }, "trunk", { CI_COMMIT_SHORT_SHA: "abcdef01" }],
    ["a schedule", { source: "schedule" }, "trunk", { CI_PIPELINE_SOURCE: "schedule", CI_COMMIT_BRANCH: "trunk" }],
    ["a trigger", { source: "trigger" }, "trunk", { CI_PIPELINE_TRIGGERED: "true" }],
    [
      "a merge request by its branch",
      { source: "merge_request_event", ref: "fix" },
      "refs/merge-requests/1/head",
      {
        CI_COMMIT_BRANCH: undefined,
        CI_COMMIT_REF_NAME: "fix",
        CI_MERGE_REQUEST_IID: "1",
        CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: "fix",
        CI_MERGE_REQUEST_TARGET_BRANCH_NAME: "trunk",
        CI_MERGE_REQUEST_SOURCE_PROJECT_PATH: "tools/anvil",
      },
    ],
    [
      "a merge request by its number",
      { source: "merge_request_event", ref: "refs/merge-requests/73/head" },
      "refs/merge-requests/73/head",
      { CI_COMMIT_BRANCH: undefined, CI_MERGE_REQUEST_IID: "73" },
    ],
    [
      "another forge's request",
      { source: "external_pull_request_event", ref: "fix" },
      "refs/merge-requests/1/head",
      { CI_COMMIT_BRANCH: undefined, CI_MERGE_REQUEST_IID: undefined, CI_EXTERNAL_PULL_REQUEST_IID: "1" },
    ],
  ])("%s has the ref and the variables that GitLab gives it", (_what, given, ref, expected) => {
    expect(contextOf(event(given))?.ref).toBe(ref);
    const variables = variablesOf(given);
    expect(Object.fromEntries(Object.keys(expected).map((key) => [key, variables.get(key)]))).toEqual(expected);
  });

  it.each([
    ["$CI_COMMIT_REF_PROTECTED == 'true'", {}, true],
    ["$CI_COMMIT_REF_PROTECTED == 'true'", { ref: "fix" }, false],
    ["$CI_COMMIT_REF_PROTECTED == 'true'", { ref: "trunk", tag: true }, false],
    ["$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", {}, true],
    ["$CI_COMMIT_MESSAGE =~ /skip/", {}, false],
    ["$CI_COMMIT_MESSAGE == null", {}, false],
  ] as const)("makes `%s` of %o %s", (text, given, value) => {
    expect(makeConditions().evaluateIf(text, (name) => variablesOf(given).get(name) ?? null)).toBe(value);
  });

  it.each([
    ["a push", {}, ["a"]],
    ["a merge request", { source: "merge_request_event" }, ["a"]],
    ["a tag", { ref: "v1", tag: true }, null],
    ["a schedule", { source: "schedule" }, null],
    ["somebody's start by hand", { source: "web" }, null],
  ] as const)("%s has the changed paths that GitLab knows of it", (_what, given, expected) => {
    expect(contextOf(event({ ...given, changes: ["a"] }))?.changedPaths).toEqual(expected);
  });

  it.each(["a..b", "-x", "a b", "a~1"])("has no ref that git would refuse: %s", (ref) => {
    expect(contextOf(event({ ref }))).toBeNull();
  });

  it("says more than what is known of the server", () => {
    const context = contextOf(event({ predefined: [{ key: "CI_COMMIT_SHA", value: "?" }], sha: "beef" }));
    const last = context?.predefined.findLast(({ key }) => key === "CI_COMMIT_SHA");
    expect(last?.value).toBe("beef");
  });
});
