import { describe, expect, it } from "vitest";
import { parseDuration } from "../../src/core/duration.ts";

const DAY = 86_400;
const MONTH = 30 * DAY;
const YEAR = 31_557_600;

describe("a duration text is read as GitLab reads it", () => {
  it.each<[string, number]>([
    ["42", 42],
    ["42 seconds", 42],
    ["3 mins 4 sec", 184],
    ["2 hrs 20 min", 8_400],
    ["2h20min", 8_400],
    ["6 mos 1 day", 6 * MONTH + DAY],
    ["47 yrs 6 mos and 4d", 47 * YEAR + 6 * MONTH + 4 * DAY],
    ["3 weeks and 2 days", 23 * DAY],
    ["7d", 7 * DAY],
    ["7 days", 7 * DAY],
    ["1 week", 7 * DAY],
    ["1.5 hours", 5_400],
    [".5h", 1_800],
    ["1.5", 1.5],
    ["1 hour, 30 minutes", 5_400],
    ["1 hour,30 minutes plus 5 s", 5_405],
    ["2h 30", 7_230],
    ["week", 7 * DAY],
    ["minute 30sec", 90],
    ["  1 DAY\t", DAY],
    ["100 years", 100 * YEAR],
  ])("%j is %d seconds", (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each<[string, number]>([
    ["4:30", 270],
    ["4 : 30", 270],
    ["1:02:03", 3_723],
    ["0:00:01.5", 1.5],
    ["1:00:00:00", DAY],
    ["1:0:00:00:00", MONTH],
    ["1:0:0:00:00:00", YEAR],
  ])("the clock %j is %d seconds", (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each([
    ["second", 1, "s sec secs second seconds"],
    ["minute", 60, "m min mins minute minutes"],
    ["hour", 3_600, "h hr hrs hour hours"],
    ["day", DAY, "d dy day days"],
    ["week", 7 * DAY, "w wk wks week weeks"],
    ["month", MONTH, "mo mos month months"],
    ["year", YEAR, "y yr yrs year years"],
  ])("every abbreviation of a %s counts as one", (_unit, seconds, words) => {
    for (const word of words.split(" ")) expect([word, parseDuration(`2${word}`)]).toEqual([word, 2 * seconds]);
  });
});

it.each(["never", "Never", " NEVER "])("%j is never", (text) => {
  expect(parseDuration(text)).toBe("never");
});

it.each([
  ["nothing", ""],
  ["only spaces", "  "],
  ["only a join word", "and"],
  ["zero", "0"],
  ["zero days", "0 days"],
  ["a number in words", "three days"],
  ["an unknown unit", "3 fortnights"],
  ["an unknown word among known ones", "3 days or so"],
  ["two numbers in a row", "3 4 days"],
  ["thousands with a comma", "1,000 seconds"],
  ["two units in a row", "3 days hours"],
  ["a negative number", "-7d"],
  ["a number with two points", "1.5.5 h"],
  ["a lone point", "1 day ."],
  ["a clock with too many places", "1:1:1:1:1:1:1"],
  ["a clock with an empty place", "4::30"],
  ["a clock with words", "4:30 hours"],
  ["never among other words", "never 3 days"],
  ["more than a hundred years", "100 years 1 second"],
  ["an absurdly long number", `${"9".repeat(400)} days`],
  ["a property of every object", "3 constructor"],
])("%s is not a duration", (_what, text) => {
  expect(parseDuration(text)).toBeNull();
});
