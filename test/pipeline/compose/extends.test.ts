import { describe, expect, it } from "vitest";
import { composed, errors, job, merged, messages } from "./composing.ts";

describe("extends", () => {
  it.each<[string, string, unknown]>([
    [
      "takes over what a job lacks",
      ".a: {script: x, tags: [t]}\njob: {extends: .a, script: y}",
      { script: "y", tags: ["t"] },
    ],
    [
      "merges hashes at any depth",
      ".a: {variables: {A: 1, B: 1}, artifacts: {reports: {junit: j}}}\njob: {extends: .a, variables: {B: 2}, artifacts: {reports: {dotenv: d}}}",
      { variables: { A: 1, B: 2 }, artifacts: { reports: { junit: "j", dotenv: "d" } } },
    ],
    ["replaces lists", ".a: {script: [x, y]}\njob: {extends: .a, script: [z]}", { script: ["z"] }],
    [
      "takes the last of several",
      ".a: {image: a, tags: [a]}\n.b: {image: b}\njob: {extends: [.a, .b]}",
      { image: "b", tags: ["a"] },
    ],
    [
      "goes on through levels",
      ".a: {image: a, stage: a, script: x}\n.b: {extends: .a, stage: b}\njob: {extends: .b, script: y}",
      { image: "a", stage: "b", script: "y" },
    ],
    ["finds what stands below", "job: {extends: .a}\n.a: {extends: .b}\n.b: {script: x}", { script: "x" }],
    [
      "lets null take a key away",
      ".a: {variables: {A: 1}, script: x}\njob: {extends: .a, variables: null}",
      { variables: null, script: "x" },
    ],
    [
      "may be another job, or a hash of the top",
      "variables: {extends: .v}\n.v: {A: 1}\nother: {script: x, stage: s}\njob: {extends: other}",
      { script: "x", stage: "s" },
    ],
    ["may be empty", "job: {extends: [], script: x}", { script: "x" }],
    ["may be nothing", "job: {extends: , script: x}", { script: "x" }],
  ])("%s", (_, text, expected) => expect(job(text)).toEqual(expected));

  it("stays in the merged config", () => {
    expect(merged(".a: {script: x}\njob: {extends: .a}")).toEqual({
      ".a": { script: "x" },
      job: { script: "x", extends: ".a" },
    });
  });

  it.each<[string, string, readonly string[]]>([
    ["an unknown name", "job: {extends: .a}", ["job: unknown keys in `extends` (.a)"]],
    ["several unknown names", "job: {extends: [.a, .b], script: x}", ["job: unknown keys in `extends` (.a, .b)"]],
    ["what is no name", "job: {extends: [1, {a: b}]}", ['job: unknown keys in `extends` (1, {"a"=>"b"})']],
    ["what isn't a hash", ".a: [x]\njob: {extends: .a}", ["job: invalid base hashes in `extends` (.a)"]],
    ["itself", "job: {extends: job, script: x}", ["job: circular dependency detected in `extends`"]],
    [
      "a circle, once",
      ".a: {extends: .b}\n.b: {extends: .a}\njob: {extends: .a}",
      [".a: circular dependency detected in `extends`"],
    ],
    [
      "all that is wrong at once",
      "a: {extends: .x}\nb: {extends: .y}",
      ["a: unknown keys in `extends` (.x)", "b: unknown keys in `extends` (.y)"],
    ],
    [
      "what many extend once",
      ".a: {extends: .x}\nb: {extends: .a}\nc: {extends: .a}",
      [".a: unknown keys in `extends` (.x)"],
    ],
  ])("tells of %s", (_, text, expected) => expect(errors(text)).toEqual(expected));

  it("leaves out what can't be resolved, and names it", () => {
    const config = composed("a: {extends: .x}\nb: {script: y}\n");
    expect([[...config.jobs.keys()], [...config.broken]]).toEqual([["b"], ["a"]]);
  });

  const chain = (levels: number): string =>
    [
      "job: {extends: l1}",
      ...Array.from({ length: levels - 1 }, (_, i) => `l${i + 1}: {extends: l${i + 2}}`),
      `l${levels}: {script: x}`,
    ].join("\n");

  it("goes up eleven levels", () => expect(job(chain(11))).toEqual({ script: "x" }));

  it("and no further", () => expect(errors(chain(12))).toEqual(["job: nesting too deep in `extends`"]));

  it("counts levels the same where the upper ones were resolved before", () => {
    const reversed = chain(12).split("\n").toReversed().join("\n");
    expect(errors(reversed)).toEqual(["job: nesting too deep in `extends`"]);
  });

  it("a chain of thousands is refused, not followed", () => {
    const told = errors(chain(5000));
    expect(told.every((message) => message.endsWith("nesting too deep in `extends`"))).toBe(true);
    expect(told.length).toBe(5000 - 11);
  });

  it.each<[string, string]>([
    [
      "thousands of jobs that each extend thousands",
      `.all: {x: &all [${Array.from({ length: 3000 }, (_, i) => `j${i}`).join(", ")}]}\n${Array.from({ length: 3000 }, (_, i) => `j${i}: {k${i}: 1}\nx${i}: {extends: *all}`).join("\n")}`,
    ],
    [
      "jobs that double at each level",
      `a0: {k: {${Array.from({ length: 500 }, (_, i) => `v${i}: 1`).join(",")}}}\n${Array.from({ length: 3000 }, (_, i) => `b${i}: {extends: a0, k: {w: 1}}`).join("\n")}`,
    ],
  ])("%s are too much", (_, text) => expect(errors(text)).toEqual(["The parsed YAML is too big"]));

  it("what many jobs extend is shared, not copied", () => {
    const script = Array.from({ length: 50 }, (_, i) => `- step ${i}`).join("\n    ");
    const config = composed(
      `.a:\n  script:\n    ${script}\n${Array.from({ length: 500 }, (_, i) => `j${i}: {extends: .a}`).join("\n")}`,
    );
    expect(messages(config, "error")).toEqual([]);
    expect(new Set([...config.jobs.values()].map(({ hash }) => hash.get("script"))).size).toBe(1);
  });
});
