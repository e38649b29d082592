import { describe, expect, it } from "vitest";
import { variables } from "../compose/composing.ts";
import { compiled, errors, planned, plannedJob } from "./compiling.ts";

const needed = (text: string, name = "job"): readonly string[] | null =>
  plannedJob(text, name)?.needs?.map(({ job }) => job) ?? null;

describe("a job with `needs`", () => {
  it.each<[string, string, readonly string[] | null]>([
    ["without the keyword waits for earlier stages", "", null],
    ["with an empty list waits for nothing", "needs: []", []],
    ["waits for the jobs that it names", "needs: [a, {job: b, artifacts: false}]", ["a", "b"]],
    ["may need a job of its own stage", "needs: [same]", ["same"]],
    ["waits for an optional one that is there", "needs: [{job: a, optional: true}]", ["a"]],
    ["does without an optional one that isn't", "needs: [{job: never, optional: true}, a]", ["a"]],
    ["does without an optional one that the file doesn't have", "needs: [{job: nobody, optional: true}]", []],
    ["waits for all of a parallel job", "needs: [split]", ["split 1/2", "split 2/2"]],
    ["or for one of it", "needs: ['split 2/2']", ["split 2/2"]],
    ["waits for all of a matrix", "needs: [grid]", ["grid: [x, 1]", "grid: [x, 2]", "grid: [y, 1]", "grid: [y, 2]"]],
    [
      "or for a part of it",
      "needs: [{job: grid, parallel: {matrix: [{A: x, B: [1, 2]}]}}]",
      ["grid: [x, 1]", "grid: [x, 2]"],
    ],
    ["or for one of it by name", "needs: ['grid: [y, 2]']", ["grid: [y, 2]"]],
  ])("%s", (_, keyword, expected) => {
    const text = `
a: {stage: build, script: s}
b: {stage: build, script: s}
never: {stage: build, script: s, rules: [{when: never}]}
split: {stage: build, script: s, parallel: 2}
grid: {stage: build, script: s, parallel: {matrix: [{A: [x, y], B: [1, 2]}]}}
same: {script: s}
job: {script: s, ${keyword}}
`;
    expect(needed(text)).toEqual(expected);
  });

  it("of a matrix needs its own instance by `$[[ matrix.X ]]`", () => {
    const text = `
build: {stage: build, script: s, parallel: {matrix: [{OS: [linux, mac], V: [1, 2]}]}}
test:
  script: s
  parallel: {matrix: [{OS: [linux, mac], V: [1, 2]}]}
  needs: [{job: build, parallel: {matrix: [{OS: ['$[[ matrix.OS ]]'], V: ['$[[matrix.V]]']}]}}]
`;
    const tests = planned(text).jobs.filter(({ group }) => group === "test");
    expect(tests.map(({ name, needs }) => [name, needs?.map(({ job }) => job)])).toEqual(
      ["[linux, 1]", "[linux, 2]", "[mac, 1]", "[mac, 2]"].map((values) => [`test: ${values}`, [`build: ${values}`]]),
    );
  });

  it.each<[string, string, readonly string[]]>([
    ["a job that isn't in the file", "job: {script: s, needs: [nobody]}", ["job job: undefined need: nobody"]],
    [
      "a job of a later stage",
      "late: {stage: deploy, script: s}\njob: {script: s, needs: [late]}",
      ["job job: need late is not defined in current or prior stages"],
    ],
    ["itself", "job: {script: s, needs: [job]}", ["The pipeline has circular dependencies: self-dependency: job"]],
    [
      "a job that needs it",
      "a: {script: s, needs: [b]}\nb: {script: s, needs: [c]}\nc: {script: s, needs: [b]}",
      ["The pipeline has circular dependencies: b → c → b"],
    ],
    [
      "a job twice",
      "a: {stage: build, script: s}\njob: {script: s, needs: [a, {job: a}]}",
      ["job has the following needs duplicated: a."],
    ],
    [
      "a job that this event leaves out",
      "a: {stage: build, script: s, rules: [{when: never}]}\njob: {script: s, needs: [a]}",
      [
        "'job' job needs 'a' job, but 'a' does not exist in the pipeline. This might be because of the only, except, or rules keywords. To need a job that sometimes does not exist in the pipeline, use needs:optional.",
      ],
    ],
    [
      "more than 50 jobs",
      "a: {stage: build, script: s, parallel: 51}\njob: {script: s, needs: [a]}",
      [
        "job: one job can only need 50 others, but you have listed 51. See needs keyword documentation for more details",
      ],
    ],
    [
      "a combination that a matrix doesn't have",
      "a: {stage: build, script: s, parallel: {matrix: [{A: [x, y]}]}}\njob: {script: s, needs: [{job: a, parallel: {matrix: [{A: z}]}}]}",
      ["job job: undefined need: a: [z]"],
    ],
    [
      "a matrix value that it doesn't have itself",
      "a: {stage: build, script: s, parallel: {matrix: [{A: [x, y]}]}}\njob: {script: s, needs: [{job: a, parallel: {matrix: [{A: '$[[ matrix.A ]]'}]}}]}",
      ["job job: 'A' does not exist in matrix configuration", "job job: undefined need: a: [$[[ matrix.A ]]]"],
    ],
    [
      "by a rule a job that isn't in the file",
      "job: {script: s, rules: [{needs: [nobody]}]}",
      ["job job: undefined need: nobody"],
    ],
  ])("can't need %s", (_, text, expected) => expect(errors(text)).toEqual(expected));

  it("that isn't in the pipeline itself may need whom it likes", () => {
    const text =
      "a: {script: s}\nb: {stage: build, script: s, rules: [{when: never}]}\njob: {script: s, needs: [b], rules: [{when: never}]}";
    expect(compiled(text).kind).toBe("plan");
  });

  it("is checked by the needs of the rule that counts", () => {
    const text = `
a: {stage: build, script: s}
b: {stage: build, script: s, rules: [{if: $B}]}
job: {script: s, needs: [b], rules: [{if: $B}, {needs: [a]}]}
`;
    expect(needed(text)).toEqual(["a"]);
    expect(plannedJob(text, "job", { given: variables({ B: "1" }) })?.needs).toMatchObject([{ job: "b" }]);
  });
});

describe("a job's artifacts come from", () => {
  const jobs =
    "a: {stage: build, script: s}\nb: {stage: build, script: s}\nnever: {stage: build, script: s, rules: [{when: never}]}\nsplit: {stage: build, script: s, parallel: 2}\n";
  it.each<[string, string, readonly string[] | null]>([
    ["all of the earlier stages", "", null],
    ["nowhere", "dependencies: []", []],
    ["the jobs that it names", "dependencies: [b]", ["b"]],
    ["those of them that are there", "dependencies: [a, never]", ["a"]],
    ["all instances of one that it names", "dependencies: [split]", ["split 1/2", "split 2/2"]],
    ["the jobs that it needs", "needs: [a, b]", ["a", "b"]],
    ["not those that it needs without", "needs: [a, {job: b, artifacts: false}]", ["a"]],
    ["of what it needs those that it names", "needs: [a, b], dependencies: [b]", ["b"]],
    ["nowhere if it needs nothing", "needs: []", []],
  ])("%s: %s", (_, keywords, expected) => {
    expect(plannedJob(`${jobs}job: {script: s, ${keywords}}`)?.dependencies).toEqual(expected);
  });

  it.each<[string, string, string]>([
    ["a job that isn't in the file", "[nobody]", "job job: undefined dependency: nobody"],
    ["a job of a later stage", "[late]", "job job: dependency late is not defined in current or prior stages"],
  ])("can't come from %s", (_, names, expected) => {
    expect(errors(`late: {stage: deploy, script: s}\njob: {script: s, dependencies: ${names}}`)).toEqual([expected]);
  });
});

describe("stages", () => {
  it.each<[string, readonly string[]]>([
    [
      "job: {stage: nowhere, script: s}",
      ["job job: chosen stage nowhere does not exist; available stages are .pre, build, test, deploy, .post"],
    ],
    [
      "stages: [a]\njob: {script: s}",
      ["job job: chosen stage test does not exist; available stages are .pre, a, .post"],
    ],
    ["stages: []\njob: {script: s}", ["job job: chosen stage test does not exist; available stages are "]],
    ["stages: [a]\njob: {stage: .post, script: s}\nb: {stage: a, script: s}", []],
  ])("%s", (text, expected) => expect(errors(text)).toEqual(expected));
});

describe("`on_stop`", () => {
  it.each<[string, string, readonly string[]]>([
    ["of the same environment", "{name: r, action: stop}", []],
    ["that doesn't stop", "{name: r}", ["job job: on_stop job stop needs to have action stop defined"]],
    [
      "of another environment",
      "{name: x, action: stop}",
      ["job job: on_stop job stop have different environment name"],
    ],
    ["without environment", "null", ["job job: on_stop job stop does not have environment defined"]],
  ])("a job %s", (_, environment, expected) => {
    expect(
      errors(`job: {script: s, environment: {name: r, on_stop: stop}}\nstop: {script: s, environment: ${environment}}`),
    ).toEqual(expected);
  });

  it("a job that isn't in the file", () => {
    expect(errors("job: {script: s, environment: {name: r, on_stop: stop}}")).toEqual([
      "job job: on_stop job stop is not defined",
    ]);
  });
});
