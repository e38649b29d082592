import { deflateRawSync, gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readDotenvReport } from "../../src/artifacts/dotenv-report.ts";
import { gunzipMembers } from "../../src/artifacts/gunzip.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const joined = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(parts.flatMap((part) => [...part]));
const reportOf = (...texts: string[]): Uint8Array => joined(...texts.map((text) => gzipSync(encode(text))));

const textsOf = (report: Uint8Array, limitBytes = 1000): string[] | object => {
  const members = gunzipMembers(report, limitBytes);
  return members.ok ? members.value.map(decode) : members.refusal;
};

const malformed = { reason: "malformed_body", message: "is not gzip" };

describe("of a gzip report", () => {
  test("each file is a member of its own, and all of them are read", () => {
    expect(textsOf(reportOf("A=1", "", "B=2\n", "C=3"))).toEqual(["A=1", "", "B=2\n", "C=3"]);
    // Why it isn't left to the platform.
    expect(decode(gunzipSync(reportOf("A=1", "B=2\n")))).toBe("A=1B=2\n");
  });

  test("headers may have extra fields, names, comments and checksums", () => {
    const plain = gzipSync(encode("hello"));
    const optional = [4, 0, 1, 2, 3, 4, ...encode("name\0comment\0"), 9, 9];
    const header = [...plain.subarray(0, 3), 2 | 4 | 8 | 16, ...plain.subarray(4, 10), ...optional];
    const report = joined(new Uint8Array(header), plain.subarray(10), plain);
    expect(textsOf(report)).toEqual(["hello", "hello"]);
  });

  test("what is larger than the limit is not inflated", () => {
    expect(textsOf(reportOf("12345", "67890", ""), 10)).toEqual(["12345", "67890", ""]);
    expect(textsOf(reportOf("12345", "678901"), 10)).toEqual({ reason: "too_large", limitBytes: 10, sizeBytes: 11 });
    const bomb = gzipSync(new Uint8Array(50_000_000));
    expect(bomb.length).toBeLessThan(50_000);
    expect(textsOf(bomb)).toMatchObject({ reason: "too_large" });
  });

  test.each<[what: string, bytes: Uint8Array]>([
    ["nothing", new Uint8Array()],
    ["text", encode("A=1\n")],
    ["a zip", encode("PK\x03\x04")],
    ["deflated bytes without a header", deflateRawSync(encode("A=1"))],
    ["a cut header", reportOf("A=1").subarray(0, 9)],
    ["a name without an end", joined(new Uint8Array([31, 139, 8, 8, 0, 0, 0, 0, 0, 0]), encode("name"))],
    ["a cut body", reportOf("A=1").subarray(0, 12)],
    ["a cut trailer", reportOf("A=1").subarray(0, -1)],
    ["a second member that is cut", reportOf("A=1", "B=2").subarray(0, -10)],
    ["garbage after a member", joined(reportOf("A=1"), encode("x"))],
    ["a wrong checksum", reportOf("A=1").map((byte, index, { length }) => (index === length - 8 ? byte ^ 1 : byte))],
    ["a wrong length", reportOf("A=1").map((byte, index, { length }) => (index === length - 4 ? byte + 1 : byte))],
  ])("%s is none", (_what, bytes) => {
    expect(textsOf(bytes)).toEqual(malformed);
  });
});

describe("a dotenv report", () => {
  test("is read from all of its files", () => {
    expect(readDotenvReport(reportOf("A=1", "# none\nB=2"))).toEqual({
      ok: true,
      value: [
        { key: "A", value: "1" },
        { key: "B", value: "2" },
      ],
    });
  });

  test("may be UTF-16 with a byte order mark", () => {
    const utf16 = new Uint8Array([0xff, 0xfe, 65, 0, 61, 0, 0xe4, 0]);
    expect(readDotenvReport(gzipSync(utf16))).toEqual({ ok: true, value: [{ key: "A", value: "ä" }] });
  });

  test.each<[upload: Uint8Array, message: string]>([
    [encode("A=1"), "is not gzip"],
    [reportOf("x".repeat(5121)), "has more than 5120 bytes"],
    [reportOf("A"), "line 1 is not KEY=value"],
    [gzipSync(new Uint8Array([0xff, 0xfe, 65])), "is not UTF-8 text"],
  ])("is refused by field and reason (%#)", (upload, message) => {
    expect(readDotenvReport(upload)).toEqual({
      ok: false,
      refusal: { reason: "invalid", field: "dotenv", message },
    });
  });
});
