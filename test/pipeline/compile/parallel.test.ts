import { describe, expect, it } from "vitest";
import { names, planned, plannedJob, warnings } from "./compiling.ts";

describe("a job with `parallel`", () => {
  it("is run so many times", () => {
    const { jobs } = planned("job: {script: s, parallel: 3}");
    expect(jobs.map(({ name, group, node }) => [name, group, node])).toEqual([
      ["job 1/3", "job", { index: 1, total: 3 }],
      ["job 2/3", "job", { index: 2, total: 3 }],
      ["job 3/3", "job", { index: 3, total: 3 }],
    ]);
  });

  it("and a matrix is run for each combination of each row", () => {
    const text = "job: {script: s, variables: {A: own, C: own}, parallel: {matrix: [{A: [x, y], B: 1}, {A: z}]}}";
    const { jobs } = planned(text);
    expect(
      jobs.map(({ name, node, variables }) => [
        name,
        node?.index,
        variables.map(({ key, value }) => `${key}=${value}`),
      ]),
    ).toEqual([
      ["job: [x, 1]", 1, ["A=x", "C=own", "B=1"]],
      ["job: [y, 1]", 2, ["A=y", "C=own", "B=1"]],
      ["job: [z]", 3, ["A=z", "C=own"]],
    ]);
  });

  it.each<[string, string, readonly string[]]>([
    ["asks rules for each instance", `rules: [{if: '$A == "x"'}]`, ["job: [x]"]],
    ["sees its number in rules", `rules: [{if: '$CI_NODE_INDEX == "2"'}]`, ["job: [y]"]],
    ["sees its name in rules", `rules: [{if: '$CI_JOB_NAME == "job: [y]"'}]`, ["job: [y]"]],
    ["sees how many there are", `rules: [{if: '$CI_NODE_TOTAL == "2"'}]`, ["job: [x]", "job: [y]"]],
  ])("%s", (_, rules, expected) => {
    const text = `other: {script: s}\njob: {script: s, parallel: {matrix: [{A: [x, y]}]}, ${rules}}`;
    expect(names(text).filter((name) => name !== "other")).toEqual(expected);
  });

  it("takes tags and environments by its variables", () => {
    const text = "job: {script: s, tags: ['$A-runner'], environment: 'on/$A', parallel: {matrix: [{A: [x, y]}]}}";
    expect(plannedJob(text, "job: [y]")).toMatchObject({ tags: ["y-runner"], environment: { name: "on/y" } });
  });

  it("and a matrix without a combination makes no job, which is warned of", () => {
    const text = "other: {script: s}\njob: {script: s, parallel: {matrix: [{A: []}]}}";
    expect(names(text)).toEqual(["other"]);
    expect(warnings(text)).toEqual(["jobs:job makes no job: its matrix has no combination"]);
  });

  it("replaces a job that has the name of an instance, which is warned of", () => {
    const text = "'job 1/2': {script: hand}\njob: {script: s, parallel: 2}";
    expect(plannedJob(text, "job 1/2")?.script).toEqual(["s"]);
    expect(warnings(text)).toEqual(["jobs:job makes a job that there is already, and replaces it: job 1/2"]);
  });
});
