import { describe, expect, test } from "vitest";
import { parseRange } from "../../src/core/byte-range.ts";

const part = (offset: number, length: number) => ({ kind: "part", offset, length });
const whole = { kind: "whole" };
const unsatisfiable = { kind: "unsatisfiable" };

describe("what a Range header asks of 10 bytes", () => {
  test.each([
    ["bytes=0-0", part(0, 1)],
    ["bytes=0-9", part(0, 10)],
    ["bytes=3-5", part(3, 3)],
    ["bytes=5-", part(5, 5)],
    ["bytes=9-", part(9, 1)],
    ["bytes=-1", part(9, 1)],
    ["bytes=-10", part(0, 10)],
    ["BYTES=0-1", part(0, 2)],
    [" bytes=0-1 ", part(0, 2)],
  ])("%j is that part", (header, expected) => expect(parseRange(header, 10)).toEqual(expected));

  test.each([
    ["bytes=8-99", part(8, 2)],
    ["bytes=-99", part(0, 10)],
    [`bytes=1-${"9".repeat(400)}`, part(1, 9)],
  ])("%j is cut at the end", (header, expected) => expect(parseRange(header, 10)).toEqual(expected));

  test.each(["bytes=10-", "bytes=10-12", "bytes=-0", `bytes=${"9".repeat(400)}-`])("%j is not to be had", (header) =>
    expect(parseRange(header, 10)).toEqual(unsatisfiable),
  );

  test.each([
    undefined,
    "",
    "bytes",
    "bytes=",
    "bytes=-",
    "bytes=5-4",
    "bytes=a-b",
    "bytes=1",
    "bytes=+1-2",
    "bytes=1.0-2",
    "bytes=0x1-2",
    "bytes=0-1,3-4",
    "bytes=0-1,",
    "lines=0-1",
    "bytes=0-1 junk",
  ])("%j is ignored", (header) => expect(parseRange(header, 10)).toEqual(whole));
});

test.each([
  ["bytes=0-", unsatisfiable],
  ["bytes=-0", unsatisfiable],
  ["bytes=-5", whole],
  [undefined, whole],
])("%j of nothing", (header, expected) => expect(parseRange(header, 0)).toEqual(expected));
