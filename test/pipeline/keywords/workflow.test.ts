import { workflow } from "../../../src/pipeline/keywords/workflow.ts";
import { keyword } from "./table.ts";

keyword({
  key: "workflow",
  read: workflow,
  means: [
    ["{}", { rules: null, name: null, autoCancel: {} }],
    ["{name: Build $CI_COMMIT_BRANCH}", { rules: null, name: "Build $CI_COMMIT_BRANCH", autoCancel: {} }],
    ["{rules: [{when: always}]}", { rules: [{ when: "always" }], name: null, autoCancel: {} }],
    [
      "{auto_cancel: {on_new_commit: none, on_job_failure: all}}",
      { rules: null, name: null, autoCancel: { onNewCommit: "none", onJobFailure: "all" } },
    ],
  ],
  tells: [
    ["[]", "config should be a hash"],
    ["{rule: []}", "config contains unknown keys: rule (did you mean rules?)"],
    ["{rules: null}", ":rules config can't be blank"],
    ["{rules: []}", ":rules config can't be blank"],
    [`{name: ${"a".repeat(256)}}`, "name is too long (maximum is 255 characters)"],
    ["{auto_cancel: {on_job_failure: some}}", ":auto_cancel on job failure must be one of: none, all"],
  ],
});
