import { describe, expect, it } from "vitest";
import { sameSecret, TokenKeys, type TokenClaims } from "../../src/core/tokens.ts";

const keys = TokenKeys.from("a secret for tests");

const RUNNER: TokenClaims = { kind: "runner", queue: "default", id: 12, epoch: 1, prefix: "" };
const TODAYS_RUNNER: TokenClaims = { ...RUNNER, prefix: "glrt-" };
const BUILD: TokenClaims = { kind: "build", queue: "default", id: 12, attempt: 1 };
const PROJECT: TokenClaims = { kind: "project", queue: "default", id: 12, epoch: 1 };
const DOWNLOAD: TokenClaims = { kind: "download", queue: "default", id: 12, dependant: 13, attempt: 1 };
const EACH_KIND = [RUNNER, TODAYS_RUNNER, BUILD, PROJECT, DOWNLOAD];

/** The names of those that were taken for genuine: none, if all is well. */
const accepted = (texts: readonly string[]): string[] => texts.filter((text) => keys.verify(text) !== null);

describe("a token", () => {
  it.each<TokenClaims>([
    ...EACH_KIND,
    { kind: "runner", queue: "eu2", id: 1, epoch: 0, prefix: "" },
    { kind: "build", queue: "0", id: Number.MAX_SAFE_INTEGER, attempt: 2 ** 31 },
    { kind: "project", queue: "q".repeat(40), id: 7, epoch: 0 },
    { kind: "download", queue: "d", id: 1, dependant: Number.MAX_SAFE_INTEGER, attempt: 0 },
  ])("says what was signed: %j", (claims) => {
    expect(keys.verify(keys.sign(claims))).toEqual(claims);
  });

  it("is the prefix, the signature, then the payload, in characters that stand anywhere", () => {
    expect(keys.sign(TODAYS_RUNNER)).toMatch(/^glrt-[A-Za-z0-9_-]{32}r_default_12_1_[0-9a-f]{4}$/);
    expect(keys.sign(BUILD)).toMatch(/^[A-Za-z0-9_-]{32}b_default_12_1_[0-9a-f]{4}$/);
    expect(keys.sign(PROJECT)).toMatch(/^[A-Za-z0-9_-]{32}p_default_12_1_[0-9a-f]{4}$/);
    expect(keys.sign(DOWNLOAD)).toMatch(/^[A-Za-z0-9_-]{32}d_default_12_13_1_[0-9a-f]{4}$/);
  });

  it("is the same each time, and in each version: runners keep theirs for years", () => {
    expect(keys.sign(TODAYS_RUNNER)).toBe("glrt-NJivRu5JoeCN-SElwWQZkp90A5hMOBMOr_default_12_1_b338");
    expect(keys.sign(BUILD)).toBe("N8ZYb0Gkhk_QxrcWgZ2ogkQW7hHMzoKDb_default_12_1_b338");
  });

  it("differs from its neighbours in the first 8 characters", () => {
    const starts = Array.from({ length: 300 }, (_, at) => {
      const token = keys.sign({ kind: "build", queue: "default", id: 1 + Math.floor(at / 3), attempt: at % 3 });
      return token.slice(0, 8);
    });
    expect(new Set(starts).size).toBe(300);
  });

  it.each<[string, TokenClaims]>([
    ["id 0", { ...BUILD, id: 0 }],
    ["a broken id", { ...BUILD, id: 1.5 }],
    ["an id that numbers can't hold exactly", { ...BUILD, id: 2 ** 53 }],
    ["a dependency whose id numbers can't hold exactly", { ...DOWNLOAD, id: 2 ** 53 }],
    ["a negative attempt", { ...BUILD, attempt: -1 }],
    ["an attempt beyond the last one", { ...BUILD, attempt: 2 ** 31 + 1 }],
    ["a dependant 0", { ...DOWNLOAD, dependant: 0 }],
    ["a dependant that numbers can't hold exactly", { ...DOWNLOAD, dependant: 2 ** 53 }],
    ["no queue", { ...BUILD, queue: "" }],
    ["a queue with a separator in its name", { ...BUILD, queue: "a_b" }],
    ["a queue with too long a name", { ...BUILD, queue: "q".repeat(41) }],
  ])("is not made for %s", (_what, claims) => {
    expect(() => keys.sign(claims)).toThrow(RangeError);
  });
});

describe("no token is genuine", () => {
  it("with any one character changed", () => {
    for (const claims of EACH_KIND) {
      const token = keys.sign(claims);
      const altered = Array.from(token).flatMap((original, at) =>
        Array.from("AZaz019_-brpd f\u00e9")
          .filter((other) => other !== original)
          .map((other) => token.slice(0, at) + other + token.slice(at + 1)),
      );
      expect(accepted(altered)).toEqual([]);
    }
  });

  it("cut at any length, from either side, or without any one character", () => {
    for (const claims of EACH_KIND) {
      const token = keys.sign(claims);
      const cuts = Array.from(token).flatMap((_, at) => [
        token.slice(0, at),
        token.slice(at + 1),
        token.slice(0, at) + token.slice(at + 1),
      ]);
      expect(accepted(cuts)).toEqual([]);
    }
  });

  it("with anything before or after it", () => {
    for (const claims of EACH_KIND) {
      const token = keys.sign(claims);
      const extended = ["0", "a", "_", "_1", " ", "\n", "\0", "=", token].flatMap((more) => [
        token + more,
        more + token,
      ]);
      expect(accepted(extended)).toEqual([]);
    }
  });

  it("with the prefix added or removed", () => {
    const texts = EACH_KIND.map((claims) => {
      const token = keys.sign(claims);
      return claims === TODAYS_RUNNER ? token.slice("glrt-".length) : `glrt-${token}`;
    });
    expect(accepted(texts)).toEqual([]);
  });

  it("with the signature of another", () => {
    const others = [...EACH_KIND, { ...BUILD, id: 13 }, { ...BUILD, attempt: 2 }, { ...BUILD, queue: "eu" }];
    const parts = others.map((claims) => {
      const token = keys.sign(claims);
      const start = claims === TODAYS_RUNNER ? "glrt-" : "";
      return {
        start,
        signature: token.slice(start.length, start.length + 32),
        payload: token.slice(start.length + 32),
      };
    });
    const swapped = parts.flatMap((one) =>
      parts.filter((other) => other !== one).map((other) => one.start + other.signature + one.payload),
    );
    expect(accepted(swapped)).toEqual([]);
  });

  it("signed with another secret, even under our secret's key id", () => {
    const theirs = TokenKeys.from("another secret").sign(BUILD);
    const ours = keys.sign(BUILD);
    expect(accepted([theirs, theirs.slice(0, -4) + ours.slice(-4)])).toEqual([]);
  });

  it("with the key id of no secret", () => {
    const token = keys.sign(BUILD);
    expect(accepted([`${token.slice(0, -4)}${token.endsWith("0000") ? "ffff" : "0000"}`])).toEqual([]);
  });

  it.each([
    ["nothing", ""],
    ["a word", "token"],
    ["the prefix alone", "glrt-"],
    ["a payload alone", "r_default_12_1_3fa2"],
    ["spaces", " ".repeat(60)],
    ["characters of other scripts", "ключ🔑".repeat(20)],
    ["half a character", "\ud800".repeat(60)],
    ["a million characters", "a".repeat(1_000_000)],
    ["a million digits in a token's shape", `${"a".repeat(32)}b_default_1${"0".repeat(1_000_000)}_1_3fa2`],
    ["numbers with leading zeros", `${"a".repeat(32)}b_default_012_01_3fa2`],
  ])("when it is %s", (_what, text) => {
    expect(keys.verify(text)).toBeNull();
  });
});

describe("with a previous secret", () => {
  it("tokens of both are genuine, and new ones are the current one's", () => {
    const before = TokenKeys.from("old secret");
    const rotated = TokenKeys.from("new secret", "old secret");
    const after = TokenKeys.from("new secret");
    expect(rotated.verify(before.sign(BUILD))).toEqual(BUILD);
    expect(rotated.verify(after.sign(BUILD))).toEqual(BUILD);
    expect(rotated.sign(BUILD)).toBe(after.sign(BUILD));
    expect(after.verify(before.sign(BUILD))).toBeNull();
  });

  it("tells the tokens that the previous one has signed, however often it is asked", () => {
    const old = TokenKeys.from("old secret").sign(BUILD);
    const rotated = TokenKeys.from("new secret", "old secret");
    expect([rotated.isOld(old), rotated.isOld(old), rotated.isOld(rotated.sign(BUILD))]).toEqual([true, true, false]);
    expect(rotated.isOld("forged")).toBe(false);
  });

  it("a token is known under each secret, for masking", () => {
    const before = TokenKeys.from("old secret");
    const rotated = TokenKeys.from("new secret", "old secret");
    expect(rotated.signWithAll(BUILD)).toEqual([rotated.sign(BUILD), before.sign(BUILD)]);
  });

  it.each([
    ["none", undefined],
    ["an empty one", ""],
    ["the current one again", "new secret"],
  ])("that is %s there is one secret", (_what, previous) => {
    const single = TokenKeys.from("new secret", previous);
    expect(single.signWithAll(BUILD)).toEqual([single.sign(BUILD)]);
  });

  it("both secrets are tried when their key ids are the same", () => {
    const { first, second } = secretsOfOneKeyId();
    const rotated = TokenKeys.from(first, second);
    const before = TokenKeys.from(second);
    expect(before.sign(BUILD).slice(-4)).toBe(rotated.sign(BUILD).slice(-4));
    expect(rotated.verify(before.sign(BUILD))).toEqual(BUILD);
  });
});

/** Of a few hundred secrets two share one of the 65536 ids. */
const secretsOfOneKeyId = (): { first: string; second: string } => {
  const seen = new Map<string, string>();
  for (let n = 0; ; n += 1) {
    const second = `secret ${n}`;
    const id = TokenKeys.from(second).sign(BUILD).slice(-4);
    const first = seen.get(id);
    if (first !== undefined) return { first, second };
    seen.set(id, second);
  }
};

describe("two secrets are the same", () => {
  it.each(["", "dev-admin-token", "ünïcode 🔑", "x".repeat(10_000)])("when they are equal (%#)", (text) => {
    expect(sameSecret(text, text)).toBe(true);
  });

  it.each([
    ["a beginning", "secret", "secre"],
    ["an extension", "secret", "secrets"],
    ["another last character", "secret", "secreT"],
    ["nothing", "secret", ""],
    ["another way to write the same letter", "\u00e9", "e\u0301"],
  ])("never with %s", (_what, a, b) => {
    expect(sameSecret(a, b)).toBe(false);
    expect(sameSecret(b, a)).toBe(false);
  });
});
