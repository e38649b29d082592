import { policy } from "../../../src/pipeline/keywords/policy.ts";
import { keyword } from "./table.ts";

for (const key of ["only", "except"]) {
  keyword({
    key,
    read: policy,
    means: [
      ["[main, tags, /^v\\d+/, schedules@group/app]", { refs: ["main", "tags", "/^v\\d+/", "schedules@group/app"] }],
      ["{refs: [main], changes: [src/**]}", { refs: ["main"], changes: ["src/**"] }],
      ["{variables: [$A, '$B == \"c\"']}", { variables: ["$A", '$B == "c"'] }],
      ["{refs: null, changes: [a]}", { changes: ["a"] }],
    ],
    tells: [
      ["main", "has to be either an array of conditions or a hash"],
      ["{}", "config can't be blank"],
      ["[12]", "config should be an array of strings or regular expressions using re2 syntax"],
      ["{ref: [main]}", "config contains unknown keys: ref (did you mean refs?)"],
      ["{variables: $A}", "variables should be an array of strings"],
      ["{variables: ['']}", "variables invalid expression syntax"],
      ["{changes: a}", "changes should be an array of strings"],
      ["{kubernetes: active}", "warning: kubernetes is never active: Signalbox manages no clusters"],
      ["{kubernetes: maybe}", "kubernetes unknown value: maybe"],
    ],
  });
}
