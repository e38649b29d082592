import { describe, expect, it } from "vitest";
import { abilitiesOf, learned, sameFeatures } from "../../../src/core/runner/abilities.ts";

const NONE = { twoPhase: false, cancelGracefully: false, resendsTrace: false, legacy: false };

describe("what a runner can do", () => {
  it("is nothing when it announces nothing", () => {
    expect(abilitiesOf({})).toEqual(NONE);
    expect(abilitiesOf({ features: { cancelable: true, trace_checksum: true } })).toEqual(NONE);
  });

  it.each([
    ["two_phase_job_commit", "twoPhase"],
    ["cancel_gracefully", "cancelGracefully"],
    ["trace_reset", "resendsTrace"],
  ])("by the feature %s is %s", (feature, ability) => {
    expect(abilitiesOf({ features: { [feature]: true } })).toEqual({ ...NONE, [ability]: true });
    expect(abilitiesOf({ features: { [feature]: false } })).toEqual(NONE);
  });
});

describe("what is known of a runner", () => {
  const known = { version: "19.3.0", features: { cancel_gracefully: true } };

  it("is what it said last, but keeps its features when it says nothing of them", () => {
    expect(learned(known, { version: "19.4.0" })).toEqual({ version: "19.4.0", features: known.features });
    expect(learned(known, { version: "19.4.0", features: {} })).toEqual({ version: "19.4.0", features: {} });
    expect(learned({ gpus: "all" }, {})).toEqual({});
  });

  it("is the same object when nothing is new: a thousand machines that repeat themselves are kept once each", () => {
    expect(learned(known, null)).toBe(known);
    expect(learned(known, structuredClone(known))).toBe(known);
    expect(learned(known, { version: "19.3.0" })).toBe(known);
  });

  it("has changed in its features when one of them has", () => {
    expect(sameFeatures(known, { version: "1", features: { cancel_gracefully: true } })).toBe(true);
    expect(sameFeatures(known, { features: { cancel_gracefully: false } })).toBe(false);
    expect(sameFeatures({}, { features: {} })).toBe(true);
  });
});
