import { expect, it } from "vitest";
import { landPatch } from "../../../src/core/trace/patch.ts";

const fits = (storedBytes: number) => ({ storedBytes, isCut: false });
const cut = (storedBytes: number) => ({ storedBytes, isCut: true });

it.each([
  { stored: 0, start: 0, patch: 5, lands: fits(5), why: "the first" },
  { stored: 5, start: 5, patch: 3, lands: fits(3), why: "at the end" },
  { stored: 5, start: 5, patch: 0, lands: fits(0), why: "without bytes" },
  { stored: 5, start: 4, patch: 3, lands: null, why: "over what is there" },
  { stored: 5, start: 6, patch: 3, lands: null, why: "with a gap" },
  { stored: 5, start: 5, patch: 5, lands: fits(5), why: "up to the limit" },
  { stored: 5, start: 5, patch: 6, lands: cut(5), why: "one byte past the limit" },
  { stored: 10, start: 10, patch: 1, lands: cut(0), why: "past a limit that is reached" },
  { stored: 12, start: 12, patch: 1, lands: cut(0), why: "past a limit that was lowered" },
])("a patch $why lands as $lands", ({ stored, start, patch, lands }) => {
  expect(landPatch({ lengthBytes: stored, maxBytes: 10 }, { start, lengthBytes: patch })).toEqual(lands);
});
