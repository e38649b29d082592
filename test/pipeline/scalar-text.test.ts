import { describe, expect, it } from "vitest";
import { scalarText, valueText } from "../../src/pipeline/scalar-text.ts";
import { Float, type Scalar } from "../../src/pipeline/value.ts";

describe("a value as text", () => {
  it.each<[Scalar, string]>([
    [null, ""],
    [true, "true"],
    [8, "8"],
    [9007199254740993n, "9007199254740993"],
    [new Float(1), "1.0"],
    [new Float(1.1), "1.1"],
    [new Float(-0), "-0.0"],
    [new Float(1e16), "1.0e+16"],
    [new Float(1.25e20), "1.25e+20"],
    [new Float(0.00001), "1.0e-05"],
    [new Float(123456789.5), "123456789.5"],
    [new Float(Infinity), "Infinity"],
  ])("%o is %j", (value, text) => expect(scalarText(value)).toBe(text));

  it("shows lists and hashes as Ruby does", () => {
    expect(valueText(["a", 1, null, new Map([["k", [true]]])])).toBe('["a", 1, nil, {"k"=>[true]}]');
  });
});
