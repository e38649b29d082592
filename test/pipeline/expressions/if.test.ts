import { describe, expect, it } from "vitest";
import { Budget } from "../../../src/pipeline/expressions/budget.ts";
import { evaluateIf, isExpression } from "../../../src/pipeline/expressions/evaluate.ts";
import { Patterns } from "../../../src/pipeline/expressions/patterns.ts";

const VALUES = new Map(
  Object.entries({
    FRUIT: "sour cherry",
    FOLDER: "trees/cherry/leaves",
    ABSOLUTE: "/trees/cherry",
    LINES: "first\nsecond",
    EMPTY: "",
    BLANK: " \t ",
    TRUE: "true",
    SOUR: "/^sour/",
    SWEET: "/^sweet/",
    LOUD: "/CHERRY$/i",
    SHORT: "/y/",
    SLASHED: "/trees\\/cherry/",
    BROKEN: "/sour(/",
    PART: "cherry",
  }),
);

const ask = (text: string, patterns = new Patterns()): boolean | string => {
  const answer = evaluateIf(text, (name) => VALUES.get(name) ?? null, patterns);
  return answer.ok ? answer.value : answer.message;
};

const INVALID = "invalid expression syntax";

describe("an expression of `if`", () => {
  it.each<[string, boolean]>([
    // A variable alone is there and has something in it.
    ["$FRUIT", true],
    ["$EMPTY", false],
    ["$BLANK", false],
    ["$NONE", false],
    ["null", false],
    ['"text"', true],
    ["''", false],
    ["true", true],
    ["false", false],
    ["/pattern/", true],

    ['$FRUIT == "sour cherry"', true],
    ["$FRUIT == 'sour cherry'", true],
    ['"sour cherry" == $FRUIT', true],
    ['$FRUIT=="sour cherry"', true],
    ['$FRUIT == "cherry"', false],
    ["$FRUIT == $FRUIT", true],
    ["$FRUIT == $PART", false],
    ['$FRUIT != "cherry"', true],
    ['$FRUIT != "sour cherry"', false],
    [`$FRUIT != '"sour cherry"'`, true],
    ["$TRUE == true", false],
    ['$TRUE == "true"', true],
    ["/cherry/ == /cherry/", true],
    ["$FRUIT == /cherry/", false],

    // What isn't defined is null; what is empty isn't.
    ["$NONE == null", true],
    ["null == $NONE", true],
    ["$NONE != null", false],
    ["$EMPTY == null", false],
    ["$EMPTY != null", true],
    ['$EMPTY == ""', true],
    ['$NONE == ""', false],
    ["$NONE == $OTHER", true],
    ["$NONE == $EMPTY", false],

    ["$FRUIT =~ /cherry/", true],
    ["$FRUIT =~ /^cherry/", false],
    ["$FRUIT =~ /^sour ch.*y$/", true],
    ["$FRUIT =~ /CHERRY/", false],
    ["$FRUIT =~ /CHERRY/i", true],
    ["$FRUIT !~ /CHERRY/i", false],
    ["$FRUIT !~ /plum/", true],
    ["$FOLDER =~ /trees\\/cherry/", true],
    ["$ABSOLUTE =~ /^\\/trees\\/cherry$/", true],
    ["$FOLDER =~ /trees\\/plum/", false],
    ["$LINES =~ /first.second/", false],
    ["$LINES =~ /first.second/s", true],
    ["$LINES =~ /^second/", false],
    ["$LINES =~ /^second/m", true],
    ["$LINES =~ /FIRST.SECOND/is", true],
    ["$FRUIT =~ /cherry/U", true],
    ["$EMPTY =~ /cherry/", false],
    ["$NONE =~ /cherry/", false],
    ["$NONE !~ /cherry/", true],
    ["$NONE =~ /^$/", true],
    ["$FRUIT =~ null", false],
    ["$FRUIT !~ null", true],
    ["$FRUIT =~ $NONE", false],
    ["$FRUIT !~ $NONE", true],
    ["$FRUIT =~ /$PART/", false],

    // A variable on the right is a pattern if it is written as one, and else it is searched for the left one.
    ["$FRUIT =~ $SOUR", true],
    ["$FRUIT =~ $SWEET", false],
    ["$FRUIT !~ $SWEET", true],
    ["$FRUIT =~ $LOUD", true],
    ["$FRUIT =~ $SHORT", true],
    ["$FOLDER =~ $SLASHED", true],
    ["$FRUIT =~ '/^sour/'", true],
    ["$FRUIT =~ $PART", false],
    ["$PART =~ $FRUIT", true],
    ["$PART !~ $FRUIT", false],
    ["$FRUIT =~ $BROKEN", false],
    ["$NONE =~ $PART", true],
    ["$EMPTY =~ $EMPTY", true],

    ["$FRUIT && $PART", true],
    ["$FRUIT && $EMPTY", false],
    ["$EMPTY && $FRUIT", true],
    ["$NONE && $FRUIT", false],
    ["null && null", false],
    ["$NONE || $FRUIT", true],
    ["$FRUIT || $NONE", true],
    // As in Ruby an empty text is true, so that what comes behind isn't asked.
    ["$EMPTY || $FRUIT", false],
    ["$NONE || $EMPTY", false],
    ['$FRUIT == "plum" || $PART == "cherry"', true],
    ['$FRUIT == "plum" && $PART == "cherry"', false],
    // `&&` binds closer than `||`, wherever it stands.
    ["$FRUIT || $PART && $NONE", true],
    ["$NONE && $FRUIT || $PART", true],
    ["($FRUIT || $PART) && $NONE", false],
    ["$NONE && ($FRUIT || $PART)", false],
    ['("a" || "b") == "a"', true],
    ['"b" == ("a" || "b")', false],
    ['"b" == ("a" && "b")', true],
    ["((($FRUIT)))", true],
    ["$FRUIT =~ /sour/ == true", true],
    ['("a" == "b") =~ /false/', true],

    ["!$FRUIT", false],
    ["!$NONE", true],
    ["!$EMPTY", true],
    ["!!$FRUIT", true],
    ["!($FRUIT && $NONE)", true],
    ["!$NONE && $FRUIT", true],
    ['!$NONE == "x"', false],
    ["$FRUIT && !$NONE", true],

    // Operators may stand before or after what they work on, as in GitLab.
    ['$PART "cherry" ==', true],
    ['== $PART "cherry"', true],
    ["$FRUIT ()", true],
    ["$FRUIT\n  &&\t$PART", true],
  ])("%s is %s", (text, value) => {
    expect(isExpression(text)).toBe(true);
    expect(ask(text)).toBe(value);
  });

  it.each([
    ["nothing", ""],
    ["white space", "  \n"],
    ["a word", "branch"],
    ["a name in braces", "${FRUIT}"],
    ["a single equals sign", '$FRUIT = "x"'],
    ["a single ampersand", "$FRUIT & $PART"],
    ["a number", "$FRUIT == 1"],
    ["a comparison of size", "$FRUIT < $PART"],
    ["no operator between two values", "$FRUIT $PART"],
    ["no right side", "$FRUIT =="],
    ["no left side", "== $FRUIT"],
    ["nothing to negate", "!"],
    ["an open parenthesis", "($FRUIT"],
    ["a closed one that wasn't opened", "$FRUIT)"],
    ["empty parentheses", "()"],
    ["parentheses that cross", ")$FRUIT("],
    ["an open text", '$FRUIT == "sour'],
    ["a text over two lines", '$FRUIT == "sour\ncherry"'],
    ["a pattern of one character", "$FRUIT =~ /y/"],
    ["an empty pattern", "$FRUIT =~ //"],
    ["an open pattern", "$FRUIT =~ /cherry"],
    ["an unknown flag", "$FRUIT =~ /cherry/x"],
    ["a group that isn't closed", "$FRUIT =~ /sour(/"],
    ["a look-ahead, which RE2 doesn't have", "$FRUIT =~ /^(?!sour)/"],
    ["a look-behind", "$FRUIT =~ /(?<=sour) cherry/"],
    ["a reference to a group", "$FRUIT =~ /(r)\\1/"],
    ["a pattern over two lines", "$FRUIT =~ /sour\ncherry/"],
    ["a space that isn't ASCII", "$FRUIT\u00a0== $PART"],
  ])("with %s can't be read", (_, text) => {
    expect(isExpression(text)).toBe(false);
    expect(ask(text)).toBe(INVALID);
  });

  it("has at most 99 words, as in GitLab", () => {
    const ors = (count: number): string => Array.from({ length: count }, () => "$NONE").join(" || ");
    expect(ask(ors(50))).toBe(false);
    expect(ask(`!${ors(50)}`)).toBe(INVALID);
  });

  it.each([
    ["parentheses", "(".repeat(50_000)],
    ["negations", `${"!".repeat(50_000)}$FRUIT`],
    ["quotes", `"`.repeat(50_001)],
    ["slashes", "/".repeat(50_001)],
    ["escaped slashes", `/${"\\/".repeat(25_000)}`],
    ["names", "$A".repeat(25_000)],
  ])("of very many %s can't be read", (_, text) => {
    expect(ask(text)).toBe(INVALID);
  });
});

describe("a pattern in an expression", () => {
  it("is an error if it is too large, also when it comes from a variable", () => {
    expect(ask("$FRUIT =~ /(x{30}y){30}(z{30}){33}(cherry){900}/")).toBe(
      `${INVALID}: the pattern is too large, or there are too many`,
    );
    const answer = evaluateIf(
      "$A =~ $B",
      (name) => (name === "A" ? "a" : `/(?:a?){1000}(?:b?){1000}(ab){1000}/`),
      new Patterns(),
    );
    expect(answer).toEqual({ ok: false, message: `${INVALID}: the pattern is too large, or there are too many` });
  });

  it("is an error when all of them together have taken too much, and then stays one", () => {
    const budget = new Budget(10_000);
    const patterns = new Patterns(budget);
    const answers = Array.from({ length: 100 }, (_, index) => ask(`$FRUIT =~ /^sour${index}/`, patterns));
    expect(answers[0]).toBe(false);
    expect(answers.at(-1)).toBe(`${INVALID}: the pattern is too large, or there are too many`);
    expect(budget.spent).toBe(10_000);
  });

  it("takes no more work when the same is asked again", () => {
    const budget = new Budget(1_000_000);
    const patterns = new Patterns(budget);
    ask("$FRUIT =~ /cherry/", patterns);
    const { spent } = budget;
    for (let time = 0; time < 1_000; time += 1) ask("$FRUIT =~ /cherry/", patterns);
    expect(budget.spent).toBe(spent);
  });

  it("in a usual file of 500 jobs with ten patterns takes a tenth of what there is", () => {
    const budget = new Budget(5_000_000);
    const patterns = new Patterns(budget);
    for (let job = 0; job < 500; job += 1)
      for (let rule = 0; rule < 10; rule += 1) ask(`$FOLDER =~ /^trees\\/${rule}-[a-z]+\\/${job % 20}.*$/`, patterns);
    expect(budget.spent).toBeLessThan(500_000);
  });
});
