import { describe, expect, it } from "vitest";
import { checkTrace, MAX_ANSWERS, MAX_TRACE_RESETS, parseChecksum } from "../../../src/core/trace/sum.ts";
import type { TraceSum } from "../../../src/core/trace/sum.ts";
import { updateIntervalSeconds } from "../../../src/core/trace/update-interval.ts";

const stored = { lengthBytes: 5, crc32: 0x3610a686 };
const willing = { can: true, resets: 0 };
const verified = (said: TraceSum | null) => {
  const check = checkTrace(stored, said, { can: false, resets: 0 });
  return check.kind === "finish" ? check.verified : check.kind;
};

describe("a final report", () => {
  it.each<[string, TraceSum | null, boolean | null]>([
    ["of the same size and sum", { lengthBytes: 5, crc32: 0x3610a686 }, true],
    ["of the same size alone, which proves little", { lengthBytes: 5, crc32: null }, null],
    ["of the same sum alone, as older runners send it", { lengthBytes: null, crc32: 0x3610a686 }, true],
    ["of another size", { lengthBytes: 6, crc32: 0x3610a686 }, false],
    ["of the right size and another sum", { lengthBytes: 5, crc32: 1 }, false],
    ["of an empty trace that isn't", { lengthBytes: 0, crc32: 0 }, false],
    ["that says nothing of the trace", { lengthBytes: null, crc32: null }, null],
    ["without output", null, null],
  ])("%s: %s is verified as %s", (_title, said, is) => {
    expect(verified(said)).toBe(is);
  });

  it("asks a runner that can for its trace anew, twice, and then takes what there is", () => {
    const wrong = { lengthBytes: 6, crc32: null };
    for (let resets = 0; resets < MAX_TRACE_RESETS; resets++) {
      expect(checkTrace(stored, wrong, { can: true, resets })).toEqual({ kind: "resend" });
    }
    expect(checkTrace(stored, wrong, { can: true, resets: MAX_TRACE_RESETS })).toEqual({
      kind: "finish",
      verified: false,
    });
    expect(checkTrace(stored, wrong, { ...willing, can: false })).toEqual({ kind: "finish", verified: false });
    expect(checkTrace(stored, stored, { can: true, resets: MAX_TRACE_RESETS })).toEqual({
      kind: "finish",
      verified: true,
    });
  });
});

it("a runner that has sent nothing since it was asked is asked again, since the answer may be lost, but not for ever", () => {
  const nothing = { lengthBytes: 0, crc32: 0 };
  const ask = (resets: number) => checkTrace(nothing, stored, { can: true, resets }).kind;
  expect([ask(1), ask(MAX_TRACE_RESETS), ask(MAX_ANSWERS - 1)]).toEqual(["resend", "resend", "resend"]);
  expect(ask(MAX_ANSWERS)).toBe("finish");
});

it.each<[string, number | null]>([
  ["crc32:3610a686", 0x3610a686],
  ["crc32:00000000", 0],
  ["crc32:FFFFFFFF", 0xffffffff],
  ["crc32:3610a6861", null],
  ["crc32:", null],
  ["3610a686", null],
  ["sha256:3610a686", null],
])("the checksum %s is %s", (text, sum) => {
  expect(parseChecksum(text)).toBe(sum);
});

describe("the update interval", () => {
  it("is 3 seconds while somebody watches, and 60 while nobody does", () => {
    expect(updateIntervalSeconds(true, 600_000)).toBe(3);
    expect(updateIntervalSeconds(false, 600_000)).toBe(60);
  });

  it("leaves a runner ten signs of life within the limit of silence, however short that is", () => {
    expect(updateIntervalSeconds(false, 120_000)).toBe(12);
    expect(updateIntervalSeconds(true, 20_000)).toBe(2);
    expect(updateIntervalSeconds(false, 1_000)).toBe(1);
  });
});
