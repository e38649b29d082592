import { describe, expect, test } from "vitest";
import { cleanFilename, contentDisposition } from "../../../src/core/artifact/filename.ts";

const clean = (raw: string) => cleanFilename(raw, "fallback.zip");
const utf8Length = (text: string) => new TextEncoder().encode(text).byteLength;

describe("a client's filename", () => {
  test.each([
    ["artifacts.zip", "artifacts.zip"],
    ["/etc/passwd", "passwd"],
    ["../../up.zip", "up.zip"],
    ["C:\\builds\\out.zip", "out.zip"],
    ["mixed\\and/both.zip", "both.zip"],
    ["mixed/and\\both.zip", "both.zip"],
    ["na\u0000me\r\n\t\u001b\u007f\u0085.zip", "name.zip"],
    ["a\u2028b\u2029.zip", "ab.zip"],
    ["half \ud83d pair.zip", "half  pair.zip"],
    ["  spaced out.zip ", "spaced out.zip"],
    ["größe 日本 🎉.zip", "größe 日本 🎉.zip"],
    [".env", ".env"],
    ["...", "..."],
  ])("%j is kept as %j", (raw, expected) => expect(clean(raw)).toBe(expected));

  test.each(["", ".", "..", "/", "a/..", "a\\.", "dir/", " ", "\u0000", ".\u0000.", " .. "])(
    "%j names nothing, so the fallback stands in",
    (raw) => expect(clean(raw)).toBe("fallback.zip"),
  );

  test.each([
    ["a long one keeps its extension", `${"a".repeat(300)}.zip`, `${"a".repeat(251)}.zip`],
    ["255 bytes are not too long", `${"a".repeat(251)}.zip`, `${"a".repeat(251)}.zip`],
    ["256 bytes are", `${"a".repeat(252)}.zip`, `${"a".repeat(251)}.zip`],
    ["it is cut between characters, not inside one", `${"日".repeat(100)}.zip`, `${"日".repeat(83)}.zip`],
    ["nor inside a surrogate pair", `${"🎉".repeat(100)}.zip`, `${"🎉".repeat(62)}.zip`],
    ["without an extension its beginning stays", "b".repeat(300), "b".repeat(255)],
    ["a leading dot makes no extension", `.${"c".repeat(300)}`, `.${"c".repeat(254)}`],
    ["an endless extension is none", `d.${"e".repeat(300)}`, `d.${"e".repeat(253)}`],
  ])("%s", (_, raw, expected) => {
    expect(clean(raw)).toBe(expected);
    expect(utf8Length(clean(raw))).toBeLessThanOrEqual(255);
  });
});

describe("the Content-Disposition of a download", () => {
  test.each([
    ["artifacts.zip", `attachment; filename="artifacts.zip"; filename*=UTF-8''artifacts.zip`],
    ["a b.zip", `attachment; filename="a b.zip"; filename*=UTF-8''a%20b.zip`],
    [`say "hi".zip`, `attachment; filename="say _hi_.zip"; filename*=UTF-8''say%20%22hi%22.zip`],
    ["back\\slash", `attachment; filename="back_slash"; filename*=UTF-8''back%5Cslash`],
    ["a\r\nSet-Cookie: b", `attachment; filename="a__Set-Cookie: b"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20b`],
    ["größe🎉", `attachment; filename="gr__e_"; filename*=UTF-8''gr%C3%B6%C3%9Fe%F0%9F%8E%89`],
    ["it's (1)*;.zip", `attachment; filename="it's (1)*;.zip"; filename*=UTF-8''it%27s%20%281%29%2A%3B.zip`],
    ["half \ud83d", `attachment; filename="half _"; filename*=UTF-8''half%20%EF%BF%BD`],
  ])("of %j can't be broken out of", (filename, expected) => {
    expect(contentDisposition(filename)).toBe(expected);
    expect(() => new Headers({ "Content-Disposition": contentDisposition(filename) })).not.toThrow();
  });
});
