import { retry } from "../../../src/pipeline/keywords/retry.ts";
import { keyword } from "./table.ts";

keyword({
  key: "retry",
  read: retry,
  means: [
    ["0", { max: 0, when: [], exitCodes: [] }],
    ["2", { max: 2, when: [], exitCodes: [] }],
    ["{max: 1, when: runner_system_failure}", { max: 1, when: ["runner_system_failure"], exitCodes: [] }],
    ["{max: 2, when: [always], exit_codes: 137}", { max: 2, when: ["always"], exitCodes: [137] }],
    ["{max: 2, exit_codes: [1, 2]}", { max: 2, when: [], exitCodes: [1, 2] }],
    ["{when: always}", { max: 0, when: ["always"], exitCodes: [] }],
  ],
  tells: [
    ["3", "config must be less than or equal to 2"],
    ["-1", "config must be greater than or equal to 0"],
    ["twice", "config has to be either an integer or a hash"],
    ["1.5", "config has to be either an integer or a hash"],
    ["{max: 3}", "max must be less than or equal to 2"],
    ["{max: a}", "max is not a number"],
    ["{max: 1.5}", "max must be an integer"],
    ["{times: 2}", "config contains unknown keys: times"],
    ["{max: 1, when: script_failur}", "when is not included in the list (did you mean script_failure?)"],
    ["{max: 1, when: [always, x]}", "when contains unknown values: x"],
    ["{max: 1, exit_codes: a}", "exit codes should be an array of integers or an integer"],
  ],
});
