import { expect, it } from "vitest";
import { planText } from "../../../src/pipeline/lint/plan-text.ts";
import { planned } from "../compile/compiling.ts";

const TEXT = `
workflow: {name: "of $CI_NAME", auto_cancel: {on_new_commit: interruptible, on_job_failure: all}}
stages: [first, last]
plain: {stage: first, script: x}
early: {stage: last, script: x, needs: []}
both: {stage: last, script: x, needs: [plain, {job: early, artifacts: false}]}
gate: {stage: last, script: x, when: manual, manual_confirmation: Really?, environment: {name: live, action: stop}}
late: {stage: last, script: x, when: delayed, start_in: 5 minutes, allow_failure: true}
always: {stage: last, script: x, when: always, dependencies: []}
much:
  stage: last
  script: x
  image: alpine:3
  services: [redis:7]
  tags: [b, a]
  timeout: 2h
  resource_group: one
  interruptible: true
  retry: {max: 2, when: [api_failure], exit_codes: 4}
  allow_failure: {exit_codes: [1, 2]}
  cache: [{key: k, paths: [p], policy: pull}, {key: {files: [lock]}, paths: [q]}]
  artifacts: {paths: [out], reports: {junit: r.xml}}
tag: {stage: last, script: x, release: {tag_name: v1, description: d}}
pages: {stage: last, script: x, pages: true}
"\\e[31mred": {stage: last, script: x}
`;

it("a plan's text has a line per stage and job, with what is not the usual, and nothing that a terminal obeys", () => {
  const plan = planned(TEXT, { predefined: [{ key: "CI_NAME", value: "all" }] });
  expect(planText(plan).split("\n")).toEqual([
    '"of all"',
    "a new commit cancels: interruptible",
    "a job that fails cancels: all",
    "first",
    "  plain",
    "last",
    "  early | at once",
    "  both | needs plain, early (no artifacts)",
    '  gate | manual | asks "Really?" | may fail | environment live (stop)',
    "  late | after 300 s | may fail",
    "  always | always | artifacts of none",
    "  much | may fail with 1, 2 | retried 2× for api_failure, 4 | cache k (pull) | cache files lock | in alpine:3 | with redis:7 | tags b, a | 7200 s at most | one at a time in one | interruptible | keeps out, report junit",
    "  tag | releases v1",
    "  pages | keeps public | publishes public",
    "  [31mred",
  ]);
});
