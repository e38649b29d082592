/** What another coordinator gets wrong in real files, keyword by keyword. */
import { describe, expect, it } from "vitest";
import { variables } from "../compose/composing.ts";
import { errors, names, planned, plannedJob } from "./compiling.ts";

const event = { predefined: variables({ CI_COMMIT_BRANCH: "main", CI_COMMIT_REF_NAME: "main" }) };

describe("unlike a peer, Signalbox", () => {
  it.each<[string, string, object]>([
    ["takes a script that is a text", "job: {script: make}", { script: ["make"] }],
    ["takes scripts in lists in lists", "job: {script: [a, [b, [c]]]}", { script: ["a", "b", "c"] }],
    [
      "takes an image that is a map",
      "job: {script: s, image: {name: a, entrypoint: ['']}}",
      { image: { name: "a", entrypoint: [""] } },
    ],
    [
      "doesn't forget the file's `before_script`",
      "before_script: [setup]\njob: {script: s}",
      { beforeScript: ["setup"] },
    ],
    ["doesn't forget the file's `after_script`", "after_script: [clean]\njob: {script: s}", { afterScript: ["clean"] }],
    [
      "doesn't forget `default`",
      "default: {image: a, tags: [t]}\njob: {script: s}",
      { image: { name: "a" }, tags: ["t"] },
    ],
    [
      "reads a variable with a description as its value",
      "variables: {A: {value: x, description: what}}\njob: {script: s}",
      { variables: [{ key: "A", value: "x" }] },
    ],
    [
      "keeps a variable that isn't expanded",
      "job: {script: s, variables: {A: {value: $B, expand: false}}}",
      { variables: [{ key: "A", raw: true }] },
    ],
    ["doesn't forget tags", "job: {script: s, tags: [gpu]}", { tags: ["gpu"] }],
    ["takes several caches", "job: {script: s, cache: [{key: a}, {key: b}]}", { cache: [{ key: "a" }, { key: "b" }] }],
    ["takes a cache's files", "job: {script: s, cache: {key: {files: [l]}}}", { cache: [{ key: { files: ["l"] } }] }],
    [
      "keeps all of artifacts",
      "job: {script: s, artifacts: {paths: [a], exclude: [b], untracked: true, name: n, when: always, reports: {junit: j}}}",
      {
        artifacts: {
          paths: ["a"],
          exclude: ["b"],
          untracked: true,
          name: "n",
          when: "always",
          reports: { junit: ["j"] },
        },
      },
    ],
    [
      "takes a service's variables as a list",
      "job: {script: s, services: [{name: a, variables: {B: c}}]}",
      { services: [{ variables: [{ key: "B", value: "c" }] }] },
    ],
    [
      "takes exit codes that may be",
      "job: {script: s, allow_failure: {exit_codes: [1]}}",
      { allowFailure: false, allowFailureExitCodes: [1] },
    ],
    ["tells no needs from not saying", "job: {script: s, needs: []}", { needs: [] }],
    ["keeps a manual job manual", "job: {script: s, when: manual}", { when: "manual", allowFailure: true }],
    ["keeps a delay", "job: {script: s, when: delayed, start_in: 1 hour}", { when: "delayed", startInSeconds: 3600 }],
    ["keeps the environment", "job: {script: s, environment: prod}", { environment: { name: "prod" } }],
    [
      "keeps a retry's reasons",
      "job: {script: s, retry: {max: 1, exit_codes: 2}}",
      { retry: { max: 1, exitCodes: [2] } },
    ],
    ["keeps `interruptible`", "job: {script: s, interruptible: true}", { interruptible: true }],
    ["keeps a release", "job: {script: s, release: {tag_name: v1, description: d}}", { release: { tagName: "v1" } }],
    ["keeps the coverage", "job: {script: s, coverage: '/\\d+%/'}", { coverage: "\\d+%" }],
    [
      "asks rules about predefined variables",
      `job: {script: s, rules: [{if: '$CI_COMMIT_BRANCH == "main"', when: always}]}`,
      { when: "always" },
    ],
  ])("%s", (_, text, expected) => expect(plannedJob(text, "job", event)).toMatchObject(expected));

  it("has stages before and after all others, and `test` for who names none", () => {
    const text = "a: {stage: .post, script: s}\nb: {script: s}\nc: {stage: .pre, script: s}";
    expect(planned(text).stages).toEqual([".pre", "test", ".post"]);
  });

  it("doesn't drop a job called `pages`", () => {
    expect(names("pages: {script: s}")).toEqual(["pages"]);
  });

  it("asks `only` and `except`", () => {
    expect(names("a: {script: s, only: [tags]}\nb: {script: s, except: [main]}\nc: {script: s}")).toEqual(["c"]);
  });

  it("asks `changes`, `exists` and the workflow", () => {
    const text = "workflow: {rules: [{exists: [a]}]}\njob: {script: s, rules: [{changes: [b]}]}";
    expect(names(text, { tree: ["a"], changedPaths: ["b"] })).toEqual(["job"]);
    expect(names(text, { tree: ["a"], changedPaths: ["c"] })).toEqual([]);
    expect(names(text, { tree: ["x"], changedPaths: ["b"] })).toEqual([]);
  });

  it("ignores nothing in silence", () => {
    expect(errors("job: {script: s, cahce: {}}")).toEqual([
      "jobs:job config contains unknown keys: cahce (did you mean cache?)",
    ]);
  });
});
