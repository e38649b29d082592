import { describe, expect, it } from "vitest";
import { shownName, unstorableIn } from "../../src/core/text.ts";

describe("a text that nothing can hold", () => {
  it.each([
    ["a NUL", { description: "a\0b" }, "description"],
    ["half a surrogate pair", { variables: [{ key: "A", value: "\ud83d" }] }, "variables.0.value"],
    ["a key with one", { variables: { "A\0": "" } }, "variables.A\0"],
    ["one deep inside", { image: { entrypoint: ["sh", "\udc00"] } }, "image.entrypoint.1"],
    ["none: other control characters, emoji", { script: ["a\tb\n\u001b[0m", "😀"], n: 1, none: null }, null],
  ])("is found: %s", (_what, value, path) => {
    expect(unstorableIn(value)).toBe(path);
  });
});

it.each([
  ["plain (1).zip", "plain (1).zip"],
  ["a\u202egpj.zip", "agpj.zip"],
  ["\u2067left\u2069", "left"],
  ["a\r\nb\u0007", "ab"],
  ["größe 日本 😀", "größe 日本 😀"],
])("the name %j is shown as %j", (name, shown) => {
  expect(shownName(name)).toBe(shown);
});
