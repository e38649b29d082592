import { describe, expect, it } from "vitest";
import { parseDotenv } from "../../../src/core/artifact/dotenv.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const parsed = (...texts: string[]) => parseDotenv(texts.map(bytes));

const refused = (message: string) => ({ ok: false, refusal: { reason: "invalid", field: "dotenv", message } });

describe("a line is a variable, as GitLab reads it", () => {
  it.each([
    ["A=1", "A", "1"],
    ["a_9=x", "a_9", "x"],
    ["9=x", "9", "x"],
    ["A=", "A", ""],
    ["A=b=c==", "A", "b=c=="],
    ["A= spaces  inside ", "A", "spaces  inside"],
    ["  A = 1", "A", "1"],
    ["A=1\r", "A", "1"],
    ["A=\ttab\t", "A", "tab"],
    [`A="it's"`, "A", `"it's"`],
    ["A='x'", "A", "'x'"],
    ["A=b # c", "A", "b # c"],
    [String.raw`A=\n$B`, "A", String.raw`\n$B`],
    ["A=größe", "A", "größe"],
    ["\uFEFFA=1", "A", "1"],
  ])("%j", (line, key, value) => {
    expect(parsed(line)).toEqual({ ok: true, value: [{ key, value }] });
  });
});

it("empty lines and comments are nothing", () => {
  expect(parsed("\n# A=0\n  \t\r\n  #x\nA=1\n\n")).toEqual({ ok: true, value: [{ key: "A", value: "1" }] });
  expect(parsed("")).toEqual({ ok: true, value: [] });
});

it("of several lines with one key the last counts, also over files that end without a newline", () => {
  expect(parsed("A=1\nB=2\nA=3", "C=4", "B=5")).toEqual({
    ok: true,
    value: [
      { key: "A", value: "3" },
      { key: "B", value: "5" },
      { key: "C", value: "4" },
    ],
  });
});

describe("anything else is refused, and no value is told", () => {
  it.each([
    ["secret", 1],
    ["A=1\nsecret value\n", 2],
    ["=secret", 1],
    ["A-B=secret", 1],
    ["export A=secret", 1],
    ["Ä=secret", 1],
    [`${"K".repeat(256)}=secret`, 1],
  ])("%j", (text, line) => {
    expect(parsed(text)).toEqual(refused(`line ${line} is not KEY=value`));
  });

  it.each([
    [new Uint8Array([65, 61, 0xff, 10])],
    [new Uint8Array([65, 61, 0xc3])],
    [bytes("A=\0")],
    [new Uint8Array([0xff, 0xfe, 65])],
  ])("what is no text: %j", (file) => {
    expect(parseDotenv([file])).toEqual(refused("is not UTF-8 text"));
  });
});

it("UTF-16, as Windows PowerShell writes it, is read", () => {
  const file = Buffer.from("\uFEFFA=ä\r\n", "utf16le");
  expect(parseDotenv([file])).toEqual({ ok: true, value: [{ key: "A", value: "ä" }] });
});

it("holds 20 variables and no more, counted by their keys", () => {
  const lines = Array.from({ length: 20 }, (_, index) => `K${index}=v`);
  expect(parsed(lines.join("\n"), "K3=again")).toMatchObject({ ok: true, value: { length: 20 } });
  expect(parsed(lines.join("\n"), "K20=v")).toEqual(refused("has more than 20 variables"));
});

it("holds 5 KiB and no more, all of its files together", () => {
  const line = `A=${"x".repeat(2558)}`;
  expect(parsed(line, line)).toMatchObject({ ok: true });
  expect(parsed(line, `${line}y`)).toEqual(refused("has more than 5120 bytes"));
});
