import { expect, it } from "vitest";
import { maskProblem } from "../../../src/core/build/masking.ts";

it.each([
  ["abcd1234", false, true],
  ["a-b_c+d=e/f@g:h.i~j", false, true],
  ["short12", false, false],
  ["", false, false],
  ["pa$$word-1234", false, false],
  ["https://u:${DB_PW}@db", false, false],
  ["two words long", false, false],
  ["line one\nline two", false, false],
  ["pa$$word-1234", true, true],
  ['{json:"value"}', true, true],
  ["two words long", true, false],
  ["line\nline2345", true, false],
  ["short$7", true, false],
])("the value %j, raw: %j, can be masked: %j", (value, raw, can) => {
  expect(maskProblem({ value, raw, masked: true }) === null).toBe(can);
  expect(maskProblem({ value, raw, masked: false })).toBe(null);
});
