import { describe, expect, it } from "vitest";
import { expandBraces } from "../../../src/pipeline/expressions/braces.ts";
import { Budget } from "../../../src/pipeline/expressions/budget.ts";
import { Globs } from "../../../src/pipeline/expressions/globs.ts";

const matches = (glob: string, path: string): boolean => new Globs().matchesPath([glob], [path]);

describe("a glob", () => {
  it.each<[string, string, boolean]>([
    ["notes.md", "notes.md", true],
    ["notes.md", "Notes.md", false],
    ["notes.md", "docs/notes.md", false],
    ["notes", "notes.md", false],
    ["docs", "docs/a.md", false],
    ["docs/", "docs/a.md", false],
    // Neither is a path cleaned, nor a glob.
    ["./notes.md", "notes.md", false],
    ["/notes.md", "notes.md", false],
    ["docs//a", "docs/a", false],

    ["*", "notes.md", true],
    ["*", "docs/notes.md", false],
    ["*.md", "notes.md", true],
    ["*.md", "docs/notes.md", false],
    ["*.md", ".md", true],
    ["*", ".hidden", true],
    ["docs/*", "docs/a.md", true],
    ["docs/*", "docs/", true],
    ["docs/*", "docs/x/a.md", false],
    ["docs/*/a.md", "docs/x/a.md", true],
    ["docs/*/a.md", "docs/x/y/a.md", false],
    ["n*t*s", "notes", true],
    ["n*t*s", "notesx", false],
    ["*a*b", "aabab", true],
    ["*a*b", "aaba", false],
    ["a***b", "axxb", true],

    ["?.md", "a.md", true],
    ["?.md", "ab.md", false],
    ["?.md", ".md", false],
    ["?.md", "😀.md", true],
    ["a?b", "a/b", false],

    ["**/*.md", "notes.md", true],
    ["**/*.md", "docs/x/notes.md", true],
    ["**/*.md", ".github/notes.md", true],
    ["**/*.md", "notes.mdx", false],
    ["docs/**/*.md", "docs/a.md", true],
    ["docs/**/*.md", "docs/x/y/a.md", true],
    ["docs/**/*.md", "other/docs/a.md", false],
    ["**/docs/**/a", "docs/a", true],
    ["**/docs/**/a", "x/docs/y/docs/z/a", true],
    ["**/**/a", "x/a", true],
    ["docs/**/*", "docs/x/y", true],
    ["docs/**/*", "docs", false],
    // Two stars at the end, or beside something, are one star.
    ["docs/**", "docs/a", true],
    ["docs/**", "docs/x/a", false],
    ["**", "x/a", false],
    ["**.md", "x/a.md", false],
    ["x**/a", "xy/a", true],
    ["x**/a", "xy/z/a", false],

    ["[abc].md", "b.md", true],
    ["[abc].md", "d.md", false],
    ["[a-c].md", "b.md", true],
    ["[!a-c].md", "b.md", false],
    ["[^a-c].md", "d.md", true],
    ["[a-]x", "-x", true],
    ["[]a].md", "a.md", false],
    ["[!]x", "ax", true],
    ["[\\]]x", "]x", true],
    ["[a", "[a", false],
    ["a[/]b", "a/b", false],
    ["[z-a]", "m", false],
    ["[z-a]", "z", true],
    ["[😀-😅]", "😁", true],

    ["{a,b}.md", "a.md", true],
    ["{a,b}.md", "b.md", true],
    ["{a,b}.md", "c.md", false],
    ["x{,y}", "x", true],
    ["x{,y}", "xy", true],
    ["{a,{b,c}d}", "cd", true],
    ["{a,{b,c}d}", "c", false],
    ["{**/,}a", "x/a", true],
    ["**/*.{js,ts}", "src/x/a.ts", true],
    ["{a}", "a", true],
    ["{a,b", "{a,b", false],
    ["{a}{b", "a{b", false],
    ["a}", "a}", true],
    ["\\{a,b\\}", "{a,b}", true],
    ["{a\\,b,c}", "a,b", true],

    ["\\*", "*", true],
    ["\\*", "a", false],
    ["a\\b", "ab", true],
    ["a\\", "a", true],
    ["a\\", "a\\", false],
    ["", "", true],
    ["", "a", false],
  ])("%s and the path %s: %s", (glob, path, expected) => {
    expect(matches(glob, path)).toBe(expected);
  });

  it("among several is enough, for one of several paths", () => {
    expect(new Globs().matchesPath(["*.md", "src/*"], ["a.txt", "src/b"])).toBe(true);
    expect(new Globs().matchesPath(["*.md", "src/*"], ["a.txt", "test/b"])).toBe(false);
    expect(new Globs().matchesPath([], ["a"])).toBe(false);
    expect(new Globs().matchesPath(["a"], [])).toBe(false);
  });

  it.each<[string, boolean, number]>([
    ["src/components/buttons/primary.ts", true, 100],
    ["src/components/buttons/primary.css", false, 30],
    ["doc/components/buttons/primary.ts", false, 30],
  ])("takes few steps for a usual path: %s", (path, expected, most) => {
    const budget = new Budget(1_000_000);
    expect(new Globs(budget).matchesPath(["src/**/*.{ts,tsx}"], [path])).toBe(expected);
    expect(budget.spent).toBeLessThan(most);
  });

  it.each([
    ["stars in one name", `${"*a".repeat(50)}b*`, "a".repeat(100), 30_000],
    ["folders of any depth", `${"**/a/".repeat(50)}b*`, "a/".repeat(100), 30_000],
    ["stars in many folders", `**/${"*a*b*c/".repeat(20)}x*`, `${"abcabc/".repeat(100)}y`, 100_000],
    ["classes", `*${"[a-z]".repeat(100)}!*`, "a".repeat(200), 100_000],
    ["a class that has no end", `*[${"a".repeat(1_000)}*`, "a".repeat(100), 200_000],
  ])("of many %s takes at most about the product of both lengths", (_, glob, path, most) => {
    const budget = new Budget(10_000_000);
    expect(new Globs(budget).matchesPath([glob], [path])).toBe(false);
    expect(budget.spent).toBeLessThan(most);
  });

  it("counts as a match where it takes more steps than there are", () => {
    const budget = new Budget(1_000);
    const globs = new Globs(budget);
    expect(globs.matchesPath([`${"*a".repeat(50)}b*`], ["a".repeat(10_000)])).toBe(true);
    expect(budget.spent).toBe(1_000);
    expect(globs.matchesPath(["a"], ["b"])).toBe(true);
  });
});

describe("braces", () => {
  it("become all combinations, in their order", () => {
    expect(expandBraces("{a,b}{1,2}")).toEqual(["a1", "a2", "b1", "b2"]);
  });

  it.each([
    ["many pairs", "{a,b}".repeat(10_000)],
    ["many choices", `{${"a,".repeat(10_000)}}`],
    ["long texts around many choices", `${"x".repeat(10_000)}{${"a,".repeat(500)}}`],
    ["deep groups", `${"{a,".repeat(2_000)}${"}".repeat(2_000)}`],
  ])("of %s are too many, and then the glob counts as a match", (_, glob) => {
    expect(expandBraces(glob)).toBeNull();
    expect(matches(glob, "nothing")).toBe(true);
  });
});
