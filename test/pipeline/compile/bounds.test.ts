/** Files of strangers that ask for more than anybody should have. */
import { describe, expect, it } from "vitest";
import { compiled, errors, planned } from "./compiling.ts";

const list = <T>(count: number, make: (at: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, at) => make(at));

describe("a file that asks for too much", () => {
  it.each<[string, string, string]>([
    [
      "jobs that are described",
      list(51, (at) => `j${at}: {script: s, parallel: 200}`).join("\n"),
      "jobs config makes more than 10000 jobs",
    ],
    [
      "jobs in one pipeline",
      list(11, (at) => `j${at}: {script: s, parallel: 200}`).join("\n"),
      "The number of jobs has exceeded the limit of 2000.",
    ],
    [
      "one large script, many times",
      `.l: &l [${"x".repeat(100_000)}]\n${list(5, (at) => `j${at}: {script: *l, parallel: 200}`).join("\n")}`,
      "jobs config makes jobs that are too large together",
    ],
    [
      "many variables for many jobs",
      `variables: {${list(3000, (at) => `V${at}: x`).join(", ")}}\n${list(1000, (at) => `j${at}: {script: s}`).join("\n")}`,
      "jobs config makes jobs that are too large together",
    ],
    [
      "a matrix of one long row",
      `j: {script: s, parallel: {matrix: [{N: [${list(200, String).join(", ")}], ${list(6000, (at) => `V${at}: x`).join(", ")}}]}}`,
      "jobs config makes jobs that are too large together",
    ],
    [
      "more needs than a job may have",
      `${list(60, (at) => `j${at}: {stage: build, script: s}`).join("\n")}\njob: {script: s, needs: [${list(60, (at) => `j${at}`).join(", ")}]}`,
      "job: one job can only need 50 others, but you have listed 60. See needs keyword documentation for more details",
    ],
  ])("%s: is an error", (_, text, expected) => expect(errors(text)).toEqual([expected]));

  it("with ten thousand jobs that are wrong tells of the first thousand", () => {
    expect(errors(list(10_000, (at) => `j${at}: {script: s, retry: 9}`).join("\n"))).toHaveLength(1000);
  });

  it("by variables that double one another is told so", () => {
    const doubling = list(40, (at) => `V${at}: $V${at + 1}$V${at + 1}`).join(", ");
    const text = `job: {script: s, environment: $V0, variables: {${doubling}, V40: xxxxxxxxxx}}`;
    expect(errors(text)).toEqual(["job: more than 4096 characters come of the variables in one text"]);
  });

  it("by a long chain of variables is told so", () => {
    const chain = list(1000, (at) => `V${at}: $V${at + 1}`).join(", ");
    expect(errors(`job: {script: s, variables: {${chain}}}`)).toEqual([
      "job: more than 500 variables name one another in a row",
    ]);
  });

  it("by a long chain of needs is fine", () => {
    const chain = list(1999, (at) => `j${at}: {script: s, needs: [j${at + 1}]}`).join("\n");
    expect(planned(`${chain}\nj1999: {script: s}`).jobs).toHaveLength(2000);
  });
});

describe("the same file", () => {
  it("always has the same plan", () => {
    const text =
      "variables: {A: 1}\na: {script: s, parallel: {matrix: [{X: [1, 2]}]}}\nb: {script: s, needs: [a], tags: [$A]}";
    expect(JSON.stringify(compiled(text))).toBe(JSON.stringify(compiled(text)));
  });
});
