import { expect, it } from "vitest";
import { parseContentRange } from "../../src/http/content-range.ts";

const cases: readonly [title: string, header: string | undefined, start: number | null][] = [
  ["the exclusive end of runner 1.11.5", "0-393", 0],
  ["the inclusive end of later runners", "0-1404", 0],
  ["a later start", "1405-2000", 1405],
  ["an empty keep-alive", "393-393", 393],
  ["a total after the end", "20-40/41", 20],
  ["an unknown total", "20-40/*", 20],
  ["the unit of the RFC", "bytes 20-40/41", 20],
  ["an end that isn't there", "20-", 20],
  ["a start alone", "20", 20],
  ["the largest safe integer", "9007199254740991-9007199254740992", 9007199254740991],
  ["a start that is no safe integer", "9007199254740992-1", null],
  ["a negative start", "-5-10", null],
  ["no number", "abc-def", null],
  ["a number with something behind", "12x-40", null],
  ["an unsatisfied range of the RFC", "bytes */41", null],
  ["another unit", "lines 0-5", null],
  ["an empty header", "", null],
  ["no header", undefined, null],
];

it.each(cases)("finds where a patch begins by %s", (_, header, start) => {
  expect(parseContentRange(header)).toEqual(start === null ? null : { start });
});
