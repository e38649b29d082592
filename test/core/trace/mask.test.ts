import { describe, expect, it } from "vitest";
import { contextBytes, heldBack, maskSecrets } from "../../../src/core/trace/mask.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (piece: Uint8Array): string => new TextDecoder().decode(piece);
const mask = (log: string, ...secrets: string[]): string => text(maskSecrets(bytes(log), secrets.map(bytes)));

describe("masking", () => {
  it.each([
    ["in the middle", "a token b", ["token"], "a xxxxx b"],
    ["at both edges", "token-token", ["token"], "xxxxx-xxxxx"],
    ["side by side", "tokentoken", ["token"], "xxxxxxxxxx"],
    ["overlapping itself", "-ababa-", ["aba"], "-xxxxx-"],
    ["after a false start", "aaab", ["aab"], "axxx"],
    ["two that overlap", "-abcdef-", ["abcd", "cdef"], "-xxxxxx-"],
    ["one within another", "-abcd- bc", ["abcd", "bc"], "-xxxx- xx"],
    ["of a single byte", "abc", ["b"], "axc"],
    ["next to letters like the mask", "xtokenx", ["token"], "xxxxxxx"],
    ["each of several", "one two", ["two", "one"], "xxx xxx"],
    ["one that is made of the mask's letter and another", "-xab-", ["xa", "ab"], "-xxx-"],
  ])("hides a secret %s", (_where, log, secrets, expected) => {
    expect(mask(log, ...secrets)).toBe(expected);
  });

  it("counts bytes, not characters", () => {
    expect(mask("é schlüssel é", "schlüssel")).toBe("é xxxxxxxxxx é");
  });

  it("leaves a secret that is cut off at the end", () => {
    expect(mask("my toke", "token")).toBe("my toke");
  });

  it("ignores a secret of no bytes", () => {
    expect(mask("abc", "")).toBe("abc");
    expect(heldBack(bytes("abc"), [bytes("")])).toBe(0);
    expect(contextBytes([bytes("")])).toBe(0);
  });

  it("gives back the same array when there is nothing to hide, and never changes its input", () => {
    const clean = bytes("nothing here");
    expect(maskSecrets(clean, [bytes("token")])).toBe(clean);
    const dirty = bytes("a token");
    maskSecrets(dirty, [bytes("token")]);
    expect(text(dirty)).toBe("a token");
  });
});

describe("what a follower must not be shown yet", () => {
  it.each([
    ["nothing, when the end begins no secret", "log line\n", ["token"], 0],
    ["a beginning of a secret", "my tok", ["token"], 3],
    ["all, when all of it is a beginning", "tok", ["token"], 3],
    ["nothing of a complete secret", "my token", ["token"], 0],
    ["the beginning of another occurrence at the end of a complete one", "abab", ["abab"], 2],
    ["the longest of several beginnings", "abcab", ["abcabd", "abx"], 5],
    ["the longest, whatever the order of the secrets", "abcab", ["abx", "abcabd"], 5],
    ["nothing of an empty log", "", ["token"], 0],
    ["nothing for a secret of one byte", "t", ["t"], 0],
  ])("is %s", (_what, log, secrets, expected) => {
    expect(heldBack(bytes(log), secrets.map(bytes))).toBe(expected);
  });
});

it("the context is one byte less than the longest secret", () => {
  expect(contextBytes([bytes("ab"), bytes("abcde")])).toBe(4);
  expect(contextBytes([])).toBe(0);
});

/** Few different letters make overlaps and false starts common. */
const randomText = (random: () => number, length: number): string =>
  Array.from({ length }, () => "abx"[Math.floor(random() * 3)]).join("");

const seeded = (seed: number) => (): number => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
};

/** Byte by byte, as the definition says: hidden is what lies in any occurrence. */
const maskedByDefinition = (log: string, secrets: readonly string[]): string =>
  Array.from(log)
    .map((letter, at) => {
      const hidden = secrets.some((secret) =>
        Array.from(secret).some((_, within) => at >= within && log.startsWith(secret, at - within)),
      );
      return hidden ? "x" : letter;
    })
    .join("");

describe("for random logs and secrets", () => {
  const random = seeded(7);
  const cases = Array.from({ length: 150 }, () => ({
    log: randomText(random, 1 + Math.floor(random() * 40)),
    secrets: Array.from({ length: 1 + Math.floor(random() * 3) }, () => randomText(random, Math.floor(random() * 6))),
  }));

  it("exactly the bytes of occurrences are hidden", () => {
    for (const { log, secrets } of cases) {
      expect([log, secrets, mask(log, ...secrets)]).toEqual([log, secrets, maskedByDefinition(log, secrets)]);
    }
  });

  it("masking window by window with its context equals masking the whole", () => {
    const wrong: unknown[] = [];
    for (const { log, secrets } of cases) {
      const whole = mask(log, ...secrets);
      const context = contextBytes(secrets.map(bytes));
      for (let from = 0; from <= log.length; from += 1) {
        for (let to = from; to <= log.length; to += 1) {
          const start = Math.max(0, from - context);
          const window = mask(log.slice(start, to + context), ...secrets).slice(from - start, to - start);
          if (window !== whole.slice(from, to)) wrong.push({ log, secrets, from, to, window });
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it("a follower who is shown all but the held back tail sees the same as a later reader", () => {
    for (const { log, secrets } of cases) {
      const whole = mask(log, ...secrets);
      for (let end = 0; end <= log.length; end += 1) {
        const shown = end - heldBack(bytes(log.slice(0, end)), secrets.map(bytes));
        const seen = mask(log.slice(0, end), ...secrets).slice(0, shown);
        expect([log, secrets, end, seen]).toEqual([log, secrets, end, whole.slice(0, shown)]);
      }
    }
  });

  it("what is held back is no longer than needed", () => {
    for (const { log, secrets } of cases) {
      const held = heldBack(bytes(log), secrets.map(bytes));
      const tail = log.slice(log.length - held);
      expect(held === 0 || secrets.some((secret) => secret.length > held && secret.startsWith(tail))).toBe(true);
    }
  });
});
