/** Keywords whose value is one text, number or boolean, or a list of texts. */
import { allowFailure } from "../../../src/pipeline/keywords/allow-failure.ts";
import { coverage } from "../../../src/pipeline/keywords/coverage.ts";
import { dependencies } from "../../../src/pipeline/keywords/dependencies.ts";
import { interruptible } from "../../../src/pipeline/keywords/interruptible.ts";
import { manualConfirmation } from "../../../src/pipeline/keywords/manual-confirmation.ts";
import { resourceGroup } from "../../../src/pipeline/keywords/resource-group.ts";
import { stage } from "../../../src/pipeline/keywords/stage.ts";
import { stages } from "../../../src/pipeline/keywords/stages.ts";
import { startIn } from "../../../src/pipeline/keywords/start-in.ts";
import { tags } from "../../../src/pipeline/keywords/tags.ts";
import { timeout } from "../../../src/pipeline/keywords/timeout.ts";
import { when } from "../../../src/pipeline/keywords/when.ts";
import { keyword } from "./table.ts";

keyword({
  key: "when",
  read: when,
  of: "attribute",
  means: ["on_success", "on_failure", "always", "manual", "delayed"].map((word) => [word, word]),
  tells: [
    ["never", "when should be one of: on_success, on_failure, always, manual, delayed"],
    ["[manual]", "when should be one of: on_success, on_failure, always, manual, delayed"],
  ],
});

keyword({
  key: "start_in",
  read: startIn,
  of: "attribute",
  means: [
    ["30 minutes", 1800],
    ["'90'", 90],
    ["1 week", 604_800],
  ],
  tells: [
    ["90", "start in should be a duration"],
    ["later", "start in should be a duration"],
    ["never", "start in should be a duration"],
    ["8 days", "start in should not exceed the limit"],
  ],
});

keyword({
  key: "timeout",
  read: timeout,
  means: [
    ["1h 30m", 5400],
    ["3 hours 30 minutes", 12_600],
    ["1 month", 2_592_000],
    ["0.5s", 1],
  ],
  tells: [
    ["3600", "config should be a duration"],
    ["0", "config should be a duration"],
    ["soon", "config should be a duration"],
    ["never", "config should be a duration"],
    ["32 days", "config should not exceed the limit"],
  ],
});

keyword({
  key: "tags",
  read: tags,
  means: [
    ["[docker, linux]", ["docker", "linux"]],
    ['["$ARCH-runner"]', ["$ARCH-runner"]],
    ["[]", []],
  ],
  tells: [
    ["docker", "config should be an array of strings"],
    ["[12]", "config should be an array of strings"],
    ['["a\\nb"]', "config contains a tag with a line end"],
    [`[${"a,".repeat(50)}]`, "config must be less than the limit of 50 tags"],
  ],
});

keyword({
  key: "allow_failure",
  read: allowFailure,
  means: [
    ["true", true],
    ["false", false],
    ["{exit_codes: 137}", [137]],
    ["{exit_codes: [1, 255]}", [1, 255]],
    ["{exit_codes: null}", []],
  ],
  tells: [
    ["sometimes", "config should be a hash or a boolean value"],
    ["{exit_codes: '1'}", "exit codes should be an array of integers or an integer"],
    ["{exit_code: 1}", "config contains unknown keys: exit_code (did you mean exit_codes?)"],
  ],
});

keyword({
  key: "resource_group",
  read: resourceGroup,
  of: "attribute",
  means: [["production", "production"]],
  tells: [["12", "resource group should be a string"]],
});

keyword({
  key: "interruptible",
  read: interruptible,
  means: [
    ["true", true],
    ["no", false],
  ],
  tells: [["maybe", "config should be a boolean value"]],
});

keyword({
  key: "manual_confirmation",
  read: manualConfirmation,
  of: "attribute",
  means: [["Really delete it?", "Really delete it?"]],
  tells: [["true", "manual confirmation should be a string"]],
});

keyword({
  key: "dependencies",
  read: dependencies,
  of: "attribute",
  means: [
    ["[]", []],
    ["[build, lint]", ["build", "lint"]],
  ],
  tells: [
    ["build", "dependencies should be an array of strings"],
    ["[{job: build}]", "dependencies should be an array of strings"],
  ],
});

keyword({
  key: "stage",
  read: stage,
  means: [["deploy", "deploy"]],
  tells: [["1", "config should be a string"]],
});

keyword({
  key: "stages",
  read: stages,
  means: [
    ["[build, test]", [".pre", "build", "test", ".post"]],
    ["[[build], [[test]]]", [".pre", "build", "test", ".post"]],
    ["[.post, a, .pre, a]", [".pre", "a", ".post"]],
    ["[]", []],
  ],
  tells: [
    ["build", "config should be an array of strings or a nested array of strings up to 10 levels deep"],
    ["[1]", "config should be an array of strings or a nested array of strings up to 10 levels deep"],
  ],
});

keyword({
  key: "coverage",
  read: coverage,
  means: [
    ["'/Coverage: \\d+/'", "Coverage: \\d+"],
    ["'/^TOTAL.+ (\\d+%)$/'", "^TOTAL.+ (\\d+%)$"],
  ],
  tells: [
    ["Coverage", "config must be a regular expression with re2 syntax"],
    ["12", "config must be a regular expression with re2 syntax"],
    [
      "/total/i",
      "warning: has flags behind its pattern: GitLab takes them for a part of it, and so the pattern finds nothing",
    ],
  ],
});
