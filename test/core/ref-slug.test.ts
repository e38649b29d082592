import { expect, it } from "vitest";
import { refSlug } from "../../src/core/ref-slug.ts";

it.each([
  ["keeps a plain name", "main", "main"],
  ["turns capitals into small letters", "Release-2A", "release-2a"],
  ["puts one dash for each other character", "feature/new_thing..v1", "feature-new-thing--v1"],
  ["puts one dash for a character outside the basic plane", "a🚀b", "a-b"],
  ["has no dash at its edges", "--/main/--", "main"],
  ["is cut to 63 characters", "a".repeat(70), "a".repeat(63)],
  ["has no dash at the end that the cut made", `${"a".repeat(62)}/b`, "a".repeat(62)],
  ["is cut before the leading dashes go", `/${"a".repeat(70)}`, "a".repeat(62)],
  ["may be nothing", "---", ""],
  ["of nothing is nothing", "", ""],
])("a slug %s", (_what, text, slug) => {
  expect(refSlug(text)).toBe(slug);
});
