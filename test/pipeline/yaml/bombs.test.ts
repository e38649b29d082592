import { describe, expect, it, vi } from "vitest";
import { Sizes } from "../../../src/pipeline/yaml/size.ts";
import { plain, reading } from "./reading.ts";
import { readYaml } from "../../../src/pipeline/yaml/read-yaml.ts";

const TOO_BIG = "The parsed YAML is too big";

/** `levels` anchors, each of which names the one before it `width` times. */
const laughs = (levels: number, width: number): string => {
  const lines = ["a0: &a0 lol"];
  for (let level = 1; level <= levels; level += 1)
    lines.push(`a${level}: &a${level} [${`*a${level - 1}, `.repeat(width)}]`);
  return lines.join("\n");
};

const repeated = (text: string): string => text.repeat(1_000_000 / text.length);

describe("a text that means more than it says", () => {
  it.each<[string, string]>([
    ["aliases of aliases", laughs(9, 10)],
    ["many aliases of one large list", `a: &a [${"x,".repeat(1000)}]\nb: [${"*a,".repeat(1000)}]\n`],
    ["many aliases of one long text", `a: &a "${"x".repeat(100_000)}"\nb: [${"*a,".repeat(1000)}]\n`],
    [
      "merges of one large hash",
      `a: &a {${Array.from({ length: 1000 }, (_, i) => `k${i}: 1`).join(",")}}\n${Array.from({ length: 1000 }, (_, i) => `b${i}: {<<: *a}\n`).join("")}`,
    ],
    [
      "one merge of the same hash again and again",
      `a: &a {${Array.from({ length: 1000 }, (_, i) => `k${i}: 1`).join(",")}}\nb: {<<: [${"*a,".repeat(1000)}]}\n`,
    ],
    ["lists in lists", "[".repeat(101)],
    ["lists in lists, by dashes", "- ".repeat(101)],
    ["depth by aliases", `a0: &a0 [${"[".repeat(60)}${"]".repeat(60)}]\na1: ${"[".repeat(60)}*a0${"]".repeat(60)}\n`],
    ["more nodes than a file may have", repeated("- a\n")],
    ["more text than a file may have", `a: ${"x".repeat(1_048_576)}`],
  ])("%s is refused", (_, text) => expect(reading(text)).toBe(TOO_BIG));

  it.each<[string, string]>([
    ["a hundred levels", `${"[".repeat(99)}${"]".repeat(99)}`],
    ["aliases within the bound", laughs(4, 10)],
    ["an alias per line", `a: &a x\nb:\n${"- *a\n".repeat(10_000)}`],
    ["a text of nearly a megabyte", `a: ${"x".repeat(1_048_000)}`],
  ])("%s are fine", (_, text) => expect(readYaml(text).ok).toBe(true));

  it("is measured without being written out: each shared list is visited once", () => {
    const measured = vi.spyOn(Sizes.prototype, "of");
    try {
      expect(reading(laughs(9, 10))).toBe(TOO_BIG);
      // 10 items of each of the six levels that are within the bound, a handful more for the aliases themselves.
      expect(measured.mock.calls.length).toBeLessThan(200);
    } finally {
      measured.mockRestore();
    }
  });

  it.each([
    "[",
    "{",
    "- ",
    "? ",
    ": ",
    "&a ",
    "*a ",
    "!a ",
    "'",
    '"',
    "|\n",
    ">\n",
    "---\n",
    "%A\n",
    "#",
    "\t",
    "\n",
    "a: [\n]\n",
    "<<: *a\n",
    "-\n",
    "a:\n",
  ])("a megabyte of %j is read or refused, and nothing is thrown", (text) =>
    expect(["string", "object"]).toContain(typeof reading(repeated(text))),
  );
});

describe("the measure of a value", () => {
  it("counts a node as one, a key too, and a text with its length", () => {
    const sizes = new Sizes();
    expect(sizes.of(["a", 1, null])).toEqual({ size: 4, depth: 1 });
    expect(sizes.of(new Map([["k", ["x".repeat(64)]]]))).toEqual({ size: 6, depth: 2 });
  });

  it("counts what is shared as often as it stands somewhere", () => {
    const shared = ["a", "b"];
    expect(new Sizes().of([shared, shared])).toEqual({ size: 7, depth: 2 });
    expect(plain([shared, shared])).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
  });
});
