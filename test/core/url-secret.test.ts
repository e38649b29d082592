import { expect, it } from "vitest";
import { decoded, urlSecret } from "../../src/core/url-secret.ts";

it.each([
  ["https://bot:hunter2SECRET@example.com/x.git", "hunter2SECRET"],
  ["https://bot:p%40ss%2Fword@example.com/x.git", "p%40ss%2Fword"],
  ["https://bot:a:b@c@example.com/x.git", "a:b@c"],
  ["https://0123456789abcdef@example.com/x.git", "0123456789abcdef"],
  ["ssh://git@example.com/x.git", null],
  ["git@example.com:x.git", null],
  ["https://bot:@example.com/x.git", null],
  ["https://example.com/a@b.git", null],
  ["", null],
])("the secret in %s is %j", (url, secret) => {
  expect(urlSecret(url)).toBe(secret);
});

it("a text with percent signs is decoded where that means something", () => {
  expect([decoded("p%40ss"), decoded("100%")]).toEqual(["p@ss", "100%"]);
});
