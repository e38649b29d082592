import { jobRules, workflowRules } from "../../../src/pipeline/keywords/rules.ts";
import { keyword } from "./table.ts";

keyword({
  key: "rules",
  read: jobRules,
  means: [
    ["[{if: '$A == \"b\"'}]", [{ if: '$A == "b"' }]],
    [
      "[{when: never}, [{when: always}, [{when: manual}]]]",
      [{ when: "never" }, { when: "always" }, { when: "manual" }],
    ],
    ["[{changes: [a, b/**]}]", [{ changes: { paths: ["a", "b/**"], compareTo: null } }]],
    ["[{changes: {paths: [a], compare_to: main}}]", [{ changes: { paths: ["a"], compareTo: "main" } }]],
    ["[{exists: [Dockerfile]}]", [{ exists: ["Dockerfile"] }]],
    ["[{exists: Dockerfile}]", [{ exists: ["Dockerfile"] }]],
    ["[{exists: {paths: [a]}}]", [{ exists: ["a"] }]],
    ["[{when: delayed, start_in: 1 hour}]", [{ when: "delayed", startInSeconds: 3600 }]],
    ["[{allow_failure: true, interruptible: false}]", [{ allowFailure: true, interruptible: false }]],
    ["[{variables: {A: 1}}]", [{ variables: [{ key: "A", value: "1", raw: false }] }]],
    ["[{needs: [a]}]", [{ needs: [{ job: "a", artifacts: true, optional: false, matrix: null }] }]],
    ["[{if: null, when: always}]", [{ when: "always" }]],
  ],
  tells: [
    ["{if: $A}", "config should be an array containing hashes and arrays of hashes"],
    ["[$A]", "config should be an array containing hashes and arrays of hashes"],
    ["[]", "config can't be blank"],
    ["[{}]", ":rule config can't be blank"],
    ["[{iff: $A}]", ":rule config contains unknown keys: iff (did you mean if?)"],
    ["[{auto_cancel: {on_new_commit: none}}]", ":rule config contains unknown keys: auto_cancel"],
    ["[{if: ''}]", ":rule if invalid expression syntax"],
    ["[{if: true}]", ":rule if invalid expression syntax"],
    ["[{when: sometimes}]", ":rule when unknown value: sometimes"],
    ["[{when: delayed}]", ":rule start in can't be blank"],
    ["[{when: always, start_in: 1 day}]", ":rule config contains disallowed keys: start_in"],
    ["[{allow_failure: {exit_codes: 1}}]", ":rule allow failure should be a boolean value"],
    ["[{changes: a}]", ":rule:changes should be an array or a hash"],
    ["[{changes: {compare_to: main}}]", ":rule:changes config missing required keys: paths"],
    [`[{changes: [${"a,".repeat(51)}]}]`, ":rule:changes config has too many entries (maximum 50)"],
    [`[{exists: [${"a,".repeat(51)}]}]`, ":rule:exists config has too many entries (maximum 50)"],
    [
      "[{exists: {paths: [a], project: g/p}}]",
      ":rule:exists project is not supported: Signalbox doesn't look into other projects",
    ],
    ["[{exists: {paths: [a], ref: main}}]", ":rule:exists config missing required keys: project"],
    [
      "[{needs: [{pipeline: 1, job: a}]}]",
      ":rule:needs:need is not supported: Signalbox has no needs of other pipelines",
    ],
  ],
});

keyword({
  key: "workflow:rules",
  read: workflowRules,
  means: [
    ["[{if: $A, when: never}, {when: always}]", [{ if: "$A", when: "never" }, { when: "always" }]],
    ["[{auto_cancel: {on_new_commit: interruptible}}]", [{ autoCancel: { onNewCommit: "interruptible" } }]],
  ],
  tells: [
    ["[{when: manual}]", ":rule when unknown value: manual"],
    ["[{interruptible: true}]", ":rule config contains unknown keys: interruptible"],
    [
      "[{auto_cancel: {on_new_commit: all}}]",
      ":rule:auto_cancel on new commit must be one of: conservative, interruptible, none",
    ],
  ],
});
