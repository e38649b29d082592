import { describe, expect, it } from "vitest";
import { composed, errors, job } from "./composing.ts";

describe("!reference", () => {
  it.each<[string, string, unknown]>([
    [
      "is the value that it names",
      ".a: {script: [x, y]}\njob: {script: !reference [.a, script]}",
      { script: ["x", "y"] },
    ],
    [
      "in a list is a list in the list",
      ".a: {script: [x, y]}\njob: {script: [!reference [.a, script], z]}",
      { script: [["x", "y"], "z"] },
    ],
    [
      "can be of any kind",
      ".a: {variables: {A: 1, B: {value: b}}}\njob: {variables: {X: !reference [.a, variables, B, value]}}",
      { variables: { X: "b" } },
    ],
    [
      "can be of the top's own keys",
      "variables: {A: 1}\njob: {variables: !reference [variables]}",
      { variables: { A: 1 } },
    ],
    [
      "can stand in what is referred to",
      ".a: {x: [a]}\n.b: {x: [!reference [.a, x], b]}\njob: {script: [!reference [.b, x]]}",
      { script: [[["a"], "b"]] },
    ],
    [
      "sees what is extended",
      ".a: {script: [x]}\n.b: {extends: .a}\njob: {script: !reference [.b, script]}",
      { script: ["x"] },
    ],
    [
      "can be extended itself",
      ".a: {script: [x]}\n.b: {script: !reference [.a, script]}\njob: {extends: .b}",
      { script: ["x"] },
    ],
    [
      "can stand in lists of hashes",
      ".a: {rules: [{if: $A}]}\njob: {rules: [{when: never}, !reference [.a, rules]]}",
      { rules: [{ when: "never" }, [{ if: "$A" }]] },
    ],
    [
      "may stand many times",
      ".a: {x: [a]}\njob: {script: [!reference [.a, x], !reference [.a, x]]}",
      { script: [["a"], ["a"]] },
    ],
  ])("%s", (_, text, expected) => expect(job(text)).toEqual(expected));

  it.each<[string, string, readonly string[]]>([
    [
      "a job that isn't",
      "job: {script: !reference [.a, script]}",
      ['job: !reference [".a", "script"] could not be found'],
    ],
    [
      "a key that isn't",
      ".a: {}\njob: {script: [!reference [.a, script]]}",
      ['job: !reference [".a", "script"] could not be found'],
    ],
    [
      "a way through a list",
      ".a: {script: [x]}\njob: {script: !reference [.a, script, x]}",
      ['job: !reference [".a", "script", "x"] could not be found'],
    ],
    [
      "null, and false as GitLab does",
      ".a: {x: null, y: false}\njob: {x: !reference [.a, x], y: !reference [.a, y]}",
      ['job: !reference [".a", "x"] could not be found', 'job: !reference [".a", "y"] could not be found'],
    ],
    [
      "itself",
      "job: {script: !reference [job, script]}",
      ['job: !reference ["job", "script"] is part of a circular chain'],
    ],
    ["what it stands in", "job: {script: [!reference [job]]}", ['job: !reference ["job"] is part of a circular chain']],
    [
      "a circle",
      ".a: {x: [!reference [.b, x]]}\n.b: {x: [!reference [.a, x]]}\njob: {script: x}",
      ['.a: !reference [".b", "x"] is part of a circular chain'],
    ],
    [
      "what many extend once",
      ".a: {x: !reference [.n, x]}\nb: {extends: .a}\nc: {extends: .a}",
      ['.a: !reference [".n", "x"] could not be found'],
    ],
  ])("tells of %s", (_, text, expected) => expect(errors(text)).toEqual(expected));

  it("leaves out jobs whose reference leads nowhere", () => {
    const config = composed("a: {script: !reference [.x]}\nb: {script: y}\n");
    expect([[...config.jobs.keys()], [...config.broken]]).toEqual([["b"], ["a"]]);
  });

  const chain = (length: number): string =>
    [
      "job: {script: !reference [.r1]}",
      ...Array.from({ length }, (_, i) => `.r${i + 1}: !reference [.r${i + 2}]`),
      `.r${length + 1}: [x]`,
    ].join("\n");

  it("a long chain is followed", () => expect(job(chain(300))).toEqual({ script: ["x"] }));

  it("a very long one is refused, whatever stands at its end", () => {
    expect(errors(chain(5000))[0]).toMatch(/^job: !reference \["\.r\d+"\] is nested too deep$/);
  });

  it("a reference to a reference many times over is too big, and isn't written out to see that", () => {
    const bomb = Array.from({ length: 30 }, (_, i) => `.b${i}: {x: [${`!reference [.b${i + 1}, x], `.repeat(10)}]}`);
    expect(errors(`${bomb.join("\n")}\n.b30: {x: [lol]}\njob: {script: x}`)).toEqual(["The parsed YAML is too big"]);
  });

  it("lists in lists beyond a hundred levels are too deep", () => {
    const deep = Array.from({ length: 120 }, (_, i) => `.b${i}: {x: [!reference [.b${i + 1}, x]]}`);
    expect(errors(`${deep.join("\n")}\n.b120: {x: [y]}\njob: {script: x}`)).toEqual(["The parsed YAML is too big"]);
  });
});
