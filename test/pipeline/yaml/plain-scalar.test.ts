import { describe, expect, it } from "vitest";
import { Float } from "../../../src/pipeline/value.ts";
import { readPlain } from "../../../src/pipeline/yaml/plain-scalar.ts";

describe("an unquoted text", () => {
  it.each<[string, unknown]>([
    ["yes", true],
    ["Yes", true],
    ["on", true],
    ["TRUE", true],
    ["no", false],
    ["Off", false],
    ["false", false],
    ["y", "y"],
    ["n", "n"],
    ["yesterday", "yesterday"],
    ["", null],
    ["~", null],
    ["null", null],
    ["Null", null],
    ["nullify", "nullify"],
    ["0", 0],
    ["-7", -7],
    ["+7", 7],
    ["1_000", 1000],
    ["1,000", 1000],
    ["0644", 420],
    ["-0644", -420],
    ["0899", "0899"],
    ["0x1F", 31],
    ["0b101", 5],
    ["0o17", "0o17"],
    ["9007199254740993", 9007199254740993n],
    ["1.5", new Float(1.5)],
    ["1.0", new Float(1)],
    [".5", new Float(0.5)],
    ["1.", new Float(1)],
    ["1.5e+3", new Float(1500)],
    ["1.5e3", "1.5e3"],
    ["1e3", "1e3"],
    [".", "."],
    ["-.inf", new Float(-Infinity)],
    [".NaN", new Float(NaN)],
    ["1.2.3", "1.2.3"],
    ["12:30", 45_000],
    ["1:02:03", 3723],
    ["1:02:03.5", new Float(3723.5)],
    ["12:75", "12:75"],
    ["2024-02-31", "2024-02-31"],
    ["2024-13-01", "2024-13-01"],
    ["2024-01-01T25:00:00Z", "2024-01-01T25:00:00Z"],
    ["node:20", "node:20"],
    ["$CI_COMMIT_BRANCH", "$CI_COMMIT_BRANCH"],
    ["--flag", "--flag"],
    ["-", "-"],
    ["été", "été"],
  ])("`%s` is %o", (text, value) => expect(readPlain(text)).toEqual(value));

  it.each([
    ["2024-02-29", "Date"],
    ["2024-1-9", "Date"],
    ["2024-01-01 10:00:00", "Time"],
    ["2024-01-01T10:00:00Z", "Time"],
  ])("`%s` is refused as a %s", (text, refused) => expect(readPlain(text)).toEqual({ refused }));

  it("with a leading colon is a symbol of Ruby, named without it", () => {
    expect([":latest", ':"two words"'].map(readPlain)).toEqual([{ symbol: "latest" }, { symbol: "two words" }]);
  });
});
