import { hooks } from "../../../src/pipeline/keywords/hooks.ts";
import { keyword } from "./table.ts";

keyword({
  key: "hooks",
  read: hooks,
  means: [
    ["{pre_get_sources_script: echo}", ["echo"]],
    ["{pre_get_sources_script: [a, [b]]}", ["a", "b"]],
    ["{pre_get_sources_script: null}", []],
  ],
  tells: [
    ["echo", "config should be a hash"],
    ["{post_script: a}", "config contains unknown keys: post_script"],
    [
      "{pre_get_sources_script: 1}",
      ":pre_get_sources_script config should be a string or a nested array of strings up to 10 levels deep",
    ],
  ],
});
