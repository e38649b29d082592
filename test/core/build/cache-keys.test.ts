import { expect, it } from "vitest";
import { separatedCaches } from "../../../src/core/build/cache-keys.ts";

const cached = (cache: Parameters<typeof separatedCaches>[0]["cache"], refProtected: boolean) =>
  separatedCaches({ cache, refProtected });

it("caches of protected refs and of others have different keys, fallbacks too", () => {
  const cache = [{ key: "gems", fallbackKeys: ["old", "older"], paths: ["vendor"] }];
  expect(cached(cache, true)).toEqual([
    { key: "gems-protected", fallbackKeys: ["old-protected", "older-protected"], paths: ["vendor"] },
  ]);
  expect(cached(cache, false)).toEqual([
    { key: "gems-non_protected", fallbackKeys: ["old-non_protected", "older-non_protected"], paths: ["vendor"] },
  ]);
});

it("a cache without a key has GitLab's, and one that is shared on purpose its own", () => {
  expect(cached([{ paths: ["a"] }], false)).toEqual([{ key: "default-non_protected", paths: ["a"] }]);
  expect(cached([{ key: "k", unprotect: true }], false)).toEqual(cached([{ key: "k", unprotect: true }], true));
  expect(cached([{ key: "k", unprotect: true }], true)).toEqual([{ key: "k" }]);
});
