import { expect, it } from "vitest";
import { readRef } from "../../src/core/ref.ts";

const branch = (name: string) => ({ name, isTag: false });
const tag = (name: string) => ({ name, isTag: true });

it.each([
  ["main", false, branch("main")],
  ["feature/a-b_c.d", false, branch("feature/a-b_c.d")],
  ["größe", false, branch("größe")],
  ["v1.0", true, tag("v1.0")],
  ["refs/heads/main", false, branch("main")],
  ["refs/heads/main", true, branch("main")],
  ["refs/tags/v1", false, tag("v1")],
  ["refs/merge-requests/5/head", false, branch("refs/merge-requests/5/head")],
  ...["", "@", "-x", "/x", "x/", "x.", ".x", "a/.b", "a..b", "a b", "a\tb", "x:y", "x*", "x?", "x[", "x\\y", "x~1"].map(
    (name) => [name, false, null] as const,
  ),
  ...["x^", "x@{1}", "a//b", "x.lock", "x.lock/y", "refs/heads/", "refs/tags/a..b", "a\u202eb"].map(
    (name) => [name, false, null] as const,
  ),
] as const)("the ref %j, tag: %j, is %j", (text, isTag, ref) => {
  expect(readRef(text, isTag)).toEqual(ref);
});
