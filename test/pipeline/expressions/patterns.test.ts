import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { sizeOfPattern } from "../../../src/pipeline/expressions/pattern-size.ts";
import { checkedSize, isPattern, looksLikePattern } from "../../../src/pipeline/expressions/pattern-syntax.ts";
import { Patterns, PatternTooLarge } from "../../../src/pipeline/expressions/patterns.ts";

const compiles = (source: string): boolean => {
  try {
    RE2JS.compile(source);
    return true;
  } catch {
    return false;
  }
};

describe("a text between slashes", () => {
  it.each<[string, boolean, boolean]>([
    ["/main/", true, true],
    ["/^v\\d+$/i", true, true],
    ["/a/ismU", true, true],
    ["//", true, true],
    ["/a\\/b/", true, true],
    ["main", false, false],
    ["/main", false, false],
    ["main/", false, false],
    ["/main/x", false, false],
    ["/(/", true, false],
    ["/(?!a)b/", true, false],
    [`/${"a".repeat(5_000)}/`, true, false],
  ])("%s looks like a pattern: %s, and is one: %s", (text, looks, is) => {
    expect(looksLikePattern(text)).toBe(looks);
    expect(isPattern(text)).toBe(is);
  });
});

const SOURCES = [
  "a{2}",
  "a{2,}",
  "a{2,5}",
  "a{5,2}",
  "a{1000}",
  "a{1001}",
  "(a{30}){30}",
  "(a{30}){34}",
  "((a{10}){10}){10}",
  "((a{10}){10}){11}",
  "(a{0}){1000}",
  "a{,5}",
  "a{x}",
  "{2}",
  "a{2}{3}",
  "a{2}?",
  "a**",
  "a|*",
  "(a",
  "a)",
  "[a",
  "[]a]",
  "[^]a]",
  "[a-z&&[^b]]",
  "[z-a]",
  "[[:alpha:]]",
  "[[:nothing:]]",
  "[\\]{2}]{3}",
  "\\pL",
  "\\p{Greek}{3}",
  "\\P{Greek}",
  "\\p{^Greek}",
  "\\p{Nothing}",
  "[\\p{Latin}\\d]",
  "\\x{10ffff}{2}",
  "\\x{110000}",
  "\\x41",
  "\\Qa{9999}(\\E",
  "\\Qa{9999}(",
  "\\QE\\E{2}",
  "(?i)a",
  "(?i:a{3})b",
  "(?-i)a",
  "(?i-s:a)",
  "(?x)a",
  "(?P<name>a){2}",
  "(?<name>a)",
  "(?P<name>a)(?P<name>b)",
  "(?=a)",
  "\\1",
  "\\bword\\b",
  "\\Aa\\z",
  "a\\Z",
  "\\C",
  "x{2}|y{3}z{1000}",
];

describe("a pattern that is checked without its repetitions and classes", () => {
  it.each(SOURCES)("is one exactly if RE2 takes it: %s", (source) => {
    expect(checkedSize(source) !== null).toBe(compiles(source));
  });

  it("is one exactly if RE2 takes it, for ten thousand made of pieces", () => {
    const pieces = [
      "a",
      "(",
      ")",
      "[",
      "]",
      "{2}",
      "{40}",
      "{0,3}",
      "*",
      "?",
      "|",
      "\\",
      "\\pL",
      "(?i:",
      "(?P<n>",
      "^",
      "-",
      "\\Q",
      "\\E",
      ",",
      "{",
    ];
    let seed = 11;
    const next = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    const wrong: string[] = [];
    for (let time = 0; time < 10_000; time += 1) {
      const source = Array.from({ length: 1 + next(9) }, () => pieces[next(pieces.length)] ?? "").join("");
      if ((checkedSize(source) !== null) !== compiles(source)) wrong.push(source);
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    "a{1000}",
    "(ab){300}",
    "(?:a?){500}a{499}",
    "((a|b){10}c{9}){10}",
    "[a-z]{64}x",
    "a{2,900}",
    "(a{3,9}){50,90}",
  ])("is about as large as RE2 makes it: %s", (source) => {
    const actual = RE2JS.compile(source).programSize();
    const said = sizeOfPattern(source)?.instructions ?? 0;
    expect(said).toBeGreaterThanOrEqual(actual / 2);
    expect(said).toBeLessThanOrEqual(actual * 3 + 10);
  });
});

describe("searching for a pattern", () => {
  it.each([
    [
      "repetitions in repetitions",
      "((((a{9}){9}){9})b){1}(c{900}){1}((d{20}){20}){2}(e{30}){30}(f{30}){30}(g{30}){30}(h{30}){30}",
    ],
    ["many of the most", "(?:x{1000}y{1000}){1}".repeat(20)],
    ["choices that may be empty", "(?:a?){1000}(?:b?){1000}(?:c?){1000}a{1000}"],
  ])("is refused for %s before anything is compiled", (_, source) => {
    expect(() => new Patterns().find(source, "a")).toThrow(PatternTooLarge);
  });

  it.each([
    ["plus in plus", "(x+x+)+y"],
    ["star in star", "(?:(?:x*)*)*y"],
    ["choices that overlap", "(x|xx|xxx)*y"],
    ["a tail that must be remembered", "(x|y)*x(x|y){60}z"],
  ])("ends for a long text and %s", (_, source) => {
    expect(new Patterns().find(source, "x".repeat(5_000))).toBe(false);
  });

  it("is refused where the text is too long for the pattern", () => {
    expect(() => new Patterns().find("(x|y)*x(x|y){900}z", "x".repeat(100_000))).toThrow(PatternTooLarge);
  });

  it("bounds classes of Unicode, which are short and large", () => {
    expect(() => new Patterns().find("(?i)[\\pL\\pN]".repeat(300), "a")).toThrow(PatternTooLarge);
  });
});
