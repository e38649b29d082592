import { describe, expect, it } from "vitest";
import { plain, reading, warnings } from "./reading.ts";
import { readYaml } from "../../../src/pipeline/yaml/read-yaml.ts";

describe("a YAML text", () => {
  it.each<[string, string, unknown]>([
    ["numbers as keys become texts", "8: a\n1.10: b\nnull: c\non: d\n", { "8": "a", "1.1": "b", "": "c", true: "d" }],
    ["quoted, a word is a text", `a: "yes"\nb: '0644'\n`, { a: "yes", b: "0644" }],
    ["!!str makes a text", "a: !!str 0644\n", { a: "0644" }],
    ["!!float makes a fraction", "a: !!float 3\n", { a: 3 }],
    ["the last of two keys counts", "a: 1\nb: 2\na: 3\n", { a: 3, b: 2 }],
    [
      "no key is special",
      "__proto__: {x: 1}\nconstructor: 2\n",
      Object.fromEntries([
        ["__proto__", { x: 1 }],
        ["constructor", 2],
      ]),
    ],
    ["an alias is what its anchor names", "a: &x [1, 2]\nb: *x\n", { a: [1, 2], b: [1, 2] }],
    ["an anchor can be given anew", "a: &x 1\nb: &x 2\nc: *x\n", { a: 1, b: 2, c: 2 }],
    [
      "merged keys stand where `<<` does",
      "a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  k: 3\n",
      { a: { k: 1, l: 2 }, b: { k: 3, l: 2 } },
    ],
    [
      "the first of several merged hashes wins",
      "a: &x {k: 1}\nb: &y {k: 2, l: 2}\nc:\n  <<: [*x, *y]\n",
      { a: { k: 1 }, b: { k: 2, l: 2 }, c: { k: 1, l: 2 } },
    ],
    ["`<<` wins over the keys before it", "a: &x {k: 1}\nb:\n  k: 2\n  <<: *x\n", { a: { k: 1 }, b: { k: 1 } }],
    [
      "`<<` can stand twice",
      "a: &x {k: 1}\nb: &y {l: 2}\nc:\n  <<: *x\n  <<: *y\n",
      { a: { k: 1 }, b: { l: 2 }, c: { k: 1, l: 2 } },
    ],
    ["`<<` of something else stays a key", "a:\n  <<: 1\n", { a: { "<<": 1 } }],
    [
      "`<<` takes an alias of a list for a value",
      "a: &x [{k: 1}]\nb:\n  <<: *x\n",
      { a: [{ k: 1 }], b: { "<<": [{ k: 1 }] } },
    ],
    ["!reference is kept", "a: !reference [.b, script]\n", { a: "!reference [.b, script]" }],
    [
      "a list may close at the column of its key",
      "a:\n  needs: [\n    b, # why\n    c\n  ]\n  script: x\n",
      { a: { needs: ["b", "c"], script: "x" } },
    ],
    ["a hash may stand at any column", "a: {\nb: 1,\n\tc: {\n}\n}\nd: 2\n", { a: { b: 1, c: {} }, d: 2 }],
    [
      "and what looks like a list in other texts is left alone",
      "a: [\n]\nb: |\n  [ x\n  # no comment\nc: x\n  [ y\nd: '[\n  z'\n",
      { a: [], b: "[ x\n# no comment\n", c: "x [ y", d: "[ z" },
    ],
    ["a comment in a list may be empty", "a: [ #\n  b #\n]\n", { a: ["b"] }],
    ["a byte order mark is nothing", "\uFEFFa: 1\n", { a: 1 }],
    ["line ends of Windows", "a: |\r\n  b\r\n  c\r\nd: e\r\n", { a: "b\nc\n", d: "e" }],
    ["comments alone", "# nothing\n", null],
  ])("%s", (_, text, value) => expect(reading(text)).toEqual(value));

  it("shares what aliases name", () => {
    const read = readYaml("a: &x [1]\nb: *x\n");
    const hash = read.ok ? (read.documents[0] as ReadonlyMap<string, unknown>) : new Map();
    expect(hash.get("b")).toBe(hash.get("a"));
  });

  it("can have several documents", () => {
    const read = readYaml("spec: 1\n---\na: 1\n---\n# nothing\n");
    expect(read.ok && read.documents.map(plain)).toEqual([{ spec: 1 }, { a: 1 }, null]);
  });

  it.each<[string, string, string]>([
    ["a key that stands twice", "a: 1\na: 2\n", "`a` is given twice; the last one counts at line 2 column 1"],
    [
      "a key that is replaced by a merge",
      "a: &x {k: 1}\nb:\n  k: 2\n  <<: *x\n",
      "`<<` replaces `k`, which stands before it at line 4 column 3",
    ],
    ["a tag that nobody knows", "a: !vault x\n", "the tag `!vault` is not known and is ignored at line 1 column 4"],
    ["a symbol", "image: :latest\n", "`:latest` without quotes is read as `latest` at line 1 column 8"],
  ])("warns of %s", (_, text, warning) => expect(warnings(text)).toEqual([warning]));

  it("has nothing to warn of usually", () => {
    expect(warnings("a: &x {k: 1}\nb:\n  <<: *x\n  k: 2\n")).toEqual([]);
  });
});

describe("what can't be read is told in GitLab's words", () => {
  it.each<[string, string]>([
    ["a: b: c\n", "(<unknown>): mapping values are not allowed in this context at line 1 column 5"],
    ["a: 1\n  b: 2\n", "(<unknown>): mapping values are not allowed in this context at line 2 column 4"],
    [
      "job:\n  script:\n    - a\n   tags: x\n",
      "(<unknown>): did not find expected key while parsing a block mapping at line 2 column 3",
    ],
    [
      "job:\n  script:\n    - a\n   - b\n",
      "(<unknown>): did not find expected key while parsing a block mapping at line 2 column 3",
    ],
    [
      "script:\n  - 'x' y\n",
      "(<unknown>): did not find expected '-' indicator while parsing a block collection at line 2 column 3",
    ],
    ["  a: 1\n b: 2\n", "(<unknown>): did not find expected <document start> at line 2 column 2"],
    [
      "a:\n\t- b\n",
      "(<unknown>): found character that cannot start any token while scanning for the next token at line 2 column 1",
    ],
    [
      "a: @x\n",
      "(<unknown>): found character that cannot start any token while scanning for the next token at line 1 column 4",
    ],
    [
      "a: %x\n",
      "(<unknown>): found character that cannot start any token while scanning for the next token at line 1 column 4",
    ],
    ["a: - b\n", "(<unknown>): block sequence entries are not allowed in this context at line 1 column 4"],
    ["a: ? b\n", "(<unknown>): mapping keys are not allowed in this context at line 1 column 4"],
    ["a: ]\n", "(<unknown>): did not find expected node content while parsing a block node at line 1 column 4"],
    ["a: [b, , c]\n", "(<unknown>): did not find expected node content while parsing a flow node at line 1 column 8"],
    ["a: [b\nc: d\n", "(<unknown>): did not find expected ',' or ']' while parsing a flow sequence at line 1 column 4"],
    ["a: {b: c]}\n", "(<unknown>): did not find expected ',' or '}' while parsing a flow mapping at line 1 column 4"],
    ["a: 'b\n", "(<unknown>): found unexpected end of stream while scanning a quoted scalar at line 2 column 1"],
    [
      "a: 'b\n---\n'\n",
      "(<unknown>): found unexpected document indicator while scanning a quoted scalar at line 2 column 1",
    ],
    ['a: "\\q"\n', "(<unknown>): found unknown escape character while parsing a quoted scalar at line 1 column 6"],
    [
      "a: & b\n",
      "(<unknown>): did not find expected alphabetic or numeric character while scanning an anchor at line 1 column 5",
    ],
    ["a: \u0001\n", "(<unknown>): control characters are not allowed at line 1 column 4"],
    ["a: *b\n", "An alias referenced an unknown anchor: b"],
    ["a: &b [*b]\n", "An alias stands inside of its own anchor: b"],
    ["a: 2024-01-01\n", "Tried to load unspecified class: Date (`2024-01-01` at line 1 column 4: quote it)"],
    [
      "a: 2024-01-01 10:00:00\n",
      "Tried to load unspecified class: Time (`2024-01-01 10:00:00` at line 1 column 4: quote it)",
    ],
    ["a: !ruby/object:Gem::Installer {}\n", "Tried to load unspecified class: Gem::Installer"],
    ["? [a]\n: b\n", "A list or a hash cannot be a key at line 1 column 1"],
    ["a: !reference b\n", '!reference "b" is not valid'],
    ["a: !reference []\n", "!reference [] is not valid"],
    ["a: !reference [b, 1]\n", '!reference ["b", 1] is not valid'],
    ["a: !reference [b, !reference [c]]\n", '!reference ["b", !reference ["c"]] is not valid'],
    ["a: !reference {b: c}\n", "!reference {} is not valid"],
  ])("%j: %s", (text, message) => expect(reading(text)).toBe(message));
});
