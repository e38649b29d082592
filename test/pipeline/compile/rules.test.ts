import { describe, expect, it } from "vitest";
import { variables } from "../compose/composing.ts";
import { errors, names, plannedJob, reason, warnings } from "./compiling.ts";

const RULE_WARNING =
  "jobs:job may allow multiple pipelines to run for a single action due to `rules:when` clause with no `workflow:rules`";

describe("a job with rules", () => {
  const given = { given: variables({ A: "a", B: "b" }) };
  it.each<[string, string, string | null]>([
    [
      "the first rule that holds counts",
      "[{if: '$A == \"x\"', when: always}, {if: $A, when: on_failure}, {when: always}]",
      "on_failure",
    ],
    ["without a rule that holds it isn't there", "[{if: $NOPE}]", null],
    ["`never` leaves it out", "[{if: $A, when: never}, {when: always}]", null],
    ["a rule without `when` is on success", "[{if: $A}]", "on_success"],
    ["all of a rule must hold", "[{if: $A, exists: [nope]}, {when: manual}]", "manual"],
    ["lists in lists are one list", "[[{if: $NOPE}], [[{when: always}]]]", "always"],
  ])("%s", (_, rules, expected) => {
    const job = plannedJob(`other: {script: s}\njob: {script: s, rules: ${rules}}`, "job", { ...given, tree: ["a"] });
    expect(job?.when ?? null).toBe(expected);
  });

  it("takes the job's `when` where the rule has none", () => {
    expect(plannedJob("job: {script: s, when: always, rules: [{if: $A}]}", "job", given)?.when).toBe("always");
  });

  it("takes all else that the rule says", () => {
    const text = `
a: {script: s}
job:
  script: s
  interruptible: false
  variables: {V: job, W: job}
  rules:
    - if: $A
      when: delayed
      start_in: 2 minutes
      allow_failure: true
      interruptible: true
      needs: [a]
      variables: {V: rule}
`;
    expect(plannedJob(text, "job", given)).toMatchObject({
      when: "delayed",
      startInSeconds: 120,
      allowFailure: true,
      interruptible: true,
      needs: [{ job: "a", artifacts: true, optional: false }],
      variables: [
        { key: "V", value: "rule" },
        { key: "W", value: "job" },
      ],
    });
  });

  it("keeps its own needs where the rule's are empty, and is warned of it", () => {
    const text = "a: {script: s}\njob: {script: s, needs: [a], rules: [{if: $A, needs: []}]}";
    expect(plannedJob(text, "job", given)?.needs).toHaveLength(1);
    expect(warnings(text, given)).toContainEqual(expect.stringContaining("a rule with an empty `needs`"));
  });

  it("is in pipelines of requests, unlike one without", () => {
    const event = { ref: "refs/merge-requests/5/head", source: "merge_request_event" } as const;
    expect(names("with: {script: s, rules: [{when: always}]}\nwithout: {script: s}", event)).toEqual(["with"]);
  });

  it("with a null for its rules is in every pipeline", () => {
    const event = { source: "merge_request_event" } as const;
    expect(names("job: {script: s, rules: null}", event)).toEqual(["job"]);
  });

  it.each<[string, string, readonly string[]]>([
    ["that end in a `when`", "[{if: $A}, {when: always}]", [RULE_WARNING]],
    ["that end in `never`", "[{if: $A}, {when: never}]", []],
    ["that end in a condition", "[{when: always}, {if: $A}]", []],
    [
      "with a manual one that blocks",
      "[{if: $A, when: manual}]",
      [
        "jobs:job waits for somebody to start it, and the pipeline with it: a manual job of `rules` is not allowed to fail unless it says so",
      ],
    ],
    ["with a manual one that may fail", "[{if: $A, when: manual, allow_failure: true}]", []],
  ])("is warned of rules %s", (_, rules, expected) => {
    expect(warnings(`job: {script: s, rules: ${rules}}`, given)).toEqual(expected);
  });

  it("that is manual by itself, too, blocks nothing and is not warned of it", () => {
    const text = "job: {script: s, when: manual, rules: [{if: $A, when: manual}]}";
    expect([plannedJob(text, "job", given)?.allowFailure, warnings(text, given)]).toEqual([true, []]);
  });

  it("is not warned where the workflow has rules", () => {
    expect(warnings("workflow: {rules: [{when: always}]}\njob: {script: s, rules: [{when: always}]}")).toEqual([]);
  });
});

describe("`changes`", () => {
  const job = (rule: string, more = ""): string => `other: {script: s}\njob: {script: s, ${more} rules: [${rule}]}`;
  const isThere = (text: string, changedPaths: readonly string[] | null): boolean =>
    names(text, { changedPaths }).includes("job");

  it.each<[string, string, readonly string[] | null, boolean]>([
    ["a path that matches", "{changes: [src/**]}", ["doc/a", "src/b.ts"], true],
    ["none that matches", "{changes: [src/**]}", ["doc/a"], false],
    ["nothing changed", "{changes: [src/**]}", [], false],
    ["unknown changes count as true", "{changes: [src/**]}", null, true],
    ["no globs", "{changes: []}", ["a"], false],
    ["paths under a key", "{changes: {paths: [src/**]}}", ["src/b"], true],
    ["another ref can't be compared with and counts as true", "{changes: {paths: [x], compare_to: main}}", ["a"], true],
  ])("%s", (_, rule, changed, expected) => expect(isThere(job(rule), changed)).toBe(expected));

  it("expands variables in globs", () => {
    const text = job("{changes: ['$DIR/**']}", "variables: {DIR: src},");
    expect([isThere(text, ["src/a"]), isThere(text, ["lib/a"])]).toEqual([true, false]);
  });

  it("counts as true, like GitLab, from 50000 comparisons on", () => {
    const paths = Array.from({ length: 50_001 }, (_, at) => `doc/${at}`);
    expect([isThere(job("{changes: [src/**]}"), paths), isThere(job("{changes: [src/**]}"), paths.slice(1))]).toEqual([
      true,
      false,
    ]);
  });

  it.each<[string, string]>([
    ["{changes: [a]}", "`changes` counts as true: what the event has changed is not known"],
    ["{exists: [a]}", "`exists` counts as true: the repository's files are not known"],
    [
      "{changes: {paths: [a], compare_to: b}}",
      "`changes` with `compare_to` counts as true: what has changed since another ref is not known",
    ],
  ])("%s that can't be known is warned of once", (rule, expected) => {
    expect(warnings(`${job(rule)}\nthird: {script: s, rules: [${rule}]}`)).toEqual([expected]);
  });
});

describe("`exists`", () => {
  const tree = ["Dockerfile", "src/main.c", "doc/sub/index.md"];
  it.each<[string, boolean]>([
    ["[Dockerfile]", true],
    ["[Makefile]", false],
    ["Dockerfile", true],
    ["[src/main.c]", true],
    ["[src/]", true],
    ["[doc/sub/]", true],
    ["[src]", false],
    ["[doc/**/*]", true],
    ["[doc/**]", false],
    ["[lib/**/*]", false],
    ["['**/*.md']", true],
    ["['**/*.rs']", false],
    ["[$FILE]", true],
    ["[]", false],
  ])("%s: %s", (globs, expected) => {
    const text = `other: {script: s}\njob: {script: s, variables: {FILE: Dockerfile}, rules: [{exists: ${globs}}]}`;
    expect(names(text, { tree }).includes("job")).toBe(expected);
  });
});

describe("a repository of many files", () => {
  const tree = Array.from({ length: 50_001 }, (_, at) => `doc/${at}.txt`);
  it.each<[string, string, boolean]>([
    ["a star counts as true, as in GitLab", "[lib/*]", true],
    ["an exact path is looked up", "[lib/a]", false],
    ["a folder is looked up", "[lib/]", false],
    ["an extension is looked up", "['**/*.md']", false],
  ])("%s", (_, globs, expected) => {
    const text = `other: {script: s}\njob: {script: s, rules: [{exists: ${globs}}]}`;
    expect(names(text, { tree }).includes("job")).toBe(expected);
  });
});

describe("`workflow`", () => {
  it.each<[string, string, string | null]>([
    ["without rules there is always a pipeline", "{name: x}", null],
    ["a rule that holds makes one", "[{if: $A}]", null],
    [
      "none that holds makes none",
      "[{if: $NOPE}]",
      "The pipeline did not run. Review the workflow:rules configuration for the pipeline.",
    ],
    [
      "`never` makes none",
      "[{if: $A, when: never}, {when: always}]",
      "The pipeline did not run. Review the workflow:rules configuration for the pipeline.",
    ],
  ])("%s", (_, rules, expected) => {
    const workflow = rules.startsWith("[") ? `{rules: ${rules}}` : rules;
    expect(reason(`workflow: ${workflow}\njob: {script: s}`, { given: variables({ A: "a" }) })).toBe(expected);
  });

  it("sees the variables of the file's top, but none of jobs", () => {
    const text = (name: string): string => `
variables: {A: a, CI_JOB_X: a}
workflow: {rules: [{if: $${name}}]}
job: {script: s}
`;
    expect([reason(text("A")), reason(text("CI_JOB_X")) === null]).toEqual([null, false]);
  });

  it("gives the variables of its rule to the jobs, above those of the file's top", () => {
    const text = `
variables: {A: top, B: top}
workflow: {rules: [{variables: {A: workflow, C: workflow}}]}
job: {script: s, variables: {C: job}, rules: [{if: '$A == "workflow"'}]}
`;
    expect(plannedJob(text)?.variables).toEqual([
      { key: "A", value: "workflow", raw: false },
      { key: "B", value: "top", raw: false },
      { key: "C", value: "job", raw: false },
    ]);
  });

  it("takes away the default of `only`", () => {
    const text = "workflow: {rules: [{when: always}]}\njob: {script: s}";
    expect(names(text, { source: "merge_request_event" })).toEqual(["job"]);
  });
});

describe("a pipeline without jobs", () => {
  const EMPTY = "The resulting pipeline would have been empty. Review the rules configuration for the relevant jobs.";
  it.each<[string, string]>([
    ["is none where no rule holds", "job: {script: s, rules: [{if: $NOPE}]}"],
    ["is none with jobs in `.pre` and `.post` alone", "a: {stage: .pre, script: s}\nb: {stage: .post, script: s}"],
  ])("%s", (_, text) => expect(reason(text)).toBe(EMPTY));
});

describe("a condition that can't be decided", () => {
  it("is an error that names the job", () => {
    const text = 'job: {script: s, variables: {P: "/(a{1000}){1}b{1000}c{1000}d{1000}/"}, rules: [{if: $P =~ $P}]}';
    expect(errors(text)).toEqual([
      "Failed to parse rule for job: invalid expression syntax: the pattern is too large, or there are too many",
    ]);
  });
});
