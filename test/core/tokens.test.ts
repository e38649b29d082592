import { beforeAll, describe, expect, it } from "vitest";
import { sameSecret, TokenKeys, type TokenClaims } from "../../src/core/tokens.ts";

let keys: TokenKeys;
beforeAll(async () => {
  keys = await TokenKeys.from("a secret for tests");
});

const RUNNER: TokenClaims = { kind: "runner", queue: "default", id: 12, epoch: 1, prefix: "" };
const TODAYS_RUNNER: TokenClaims = { ...RUNNER, prefix: "glrt-" };
const BUILD: TokenClaims = { kind: "build", queue: "default", id: 12, attempt: 1 };
const PROJECT: TokenClaims = { kind: "project", queue: "default", id: 12, epoch: 1 };
const DOWNLOAD: TokenClaims = { kind: "download", queue: "default", id: 12, dependant: 13, attempt: 1 };
const EACH_KIND = [RUNNER, TODAYS_RUNNER, BUILD, PROJECT, DOWNLOAD];

/** The names of those that were taken for genuine: none, if all is well. */
const accepted = async (texts: readonly string[]): Promise<string[]> => {
  const verdicts = await Promise.all(texts.map((text) => keys.verify(text)));
  return texts.filter((_, at) => verdicts[at] !== null);
};

describe("a token", () => {
  it.each<TokenClaims>([
    ...EACH_KIND,
    { kind: "runner", queue: "eu2", id: 1, epoch: 0, prefix: "" },
    { kind: "build", queue: "0", id: Number.MAX_SAFE_INTEGER, attempt: 2 ** 31 },
    { kind: "project", queue: "q".repeat(40), id: 7, epoch: 0 },
    { kind: "download", queue: "d", id: 1, dependant: Number.MAX_SAFE_INTEGER, attempt: 0 },
  ])("says what was signed: %j", async (claims) => {
    expect(await keys.verify(await keys.sign(claims))).toEqual(claims);
  });

  it("is the prefix, the signature, then the payload, in characters that stand anywhere", async () => {
    expect(await keys.sign(TODAYS_RUNNER)).toMatch(/^glrt-[A-Za-z0-9_-]{32}r_default_12_1_[0-9a-f]{4}$/);
    expect(await keys.sign(BUILD)).toMatch(/^[A-Za-z0-9_-]{32}b_default_12_1_[0-9a-f]{4}$/);
    expect(await keys.sign(PROJECT)).toMatch(/^[A-Za-z0-9_-]{32}p_default_12_1_[0-9a-f]{4}$/);
    expect(await keys.sign(DOWNLOAD)).toMatch(/^[A-Za-z0-9_-]{32}d_default_12_13_1_[0-9a-f]{4}$/);
  });

  it("is the same each time", async () => {
    const again = await TokenKeys.from("a secret for tests");
    expect(await again.sign(BUILD)).toBe(await keys.sign(BUILD));
  });

  it("differs from its neighbours in the first 8 characters", async () => {
    const starts = await Promise.all(
      Array.from({ length: 300 }, async (_, at) => {
        const token = await keys.sign({ kind: "build", queue: "default", id: 1 + Math.floor(at / 3), attempt: at % 3 });
        return token.slice(0, 8);
      }),
    );
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
  ])("is not made for %s", async (_what, claims) => {
    await expect(keys.sign(claims)).rejects.toThrow(RangeError);
  });
});

describe("no token is genuine", () => {
  it("with any one character changed", async () => {
    for (const claims of EACH_KIND) {
      const token = await keys.sign(claims);
      const altered = Array.from(token).flatMap((original, at) =>
        Array.from("AZaz019_-brpd f\u00e9")
          .filter((other) => other !== original)
          .map((other) => token.slice(0, at) + other + token.slice(at + 1)),
      );
      expect(await accepted(altered)).toEqual([]);
    }
  });

  it("cut at any length, from either side, or without any one character", async () => {
    for (const claims of EACH_KIND) {
      const token = await keys.sign(claims);
      const cuts = Array.from(token).flatMap((_, at) => [
        token.slice(0, at),
        token.slice(at + 1),
        token.slice(0, at) + token.slice(at + 1),
      ]);
      expect(await accepted(cuts)).toEqual([]);
    }
  });

  it("with anything before or after it", async () => {
    for (const claims of EACH_KIND) {
      const token = await keys.sign(claims);
      const extended = ["0", "a", "_", "_1", " ", "\n", "\0", "=", token].flatMap((more) => [
        token + more,
        more + token,
      ]);
      expect(await accepted(extended)).toEqual([]);
    }
  });

  it("with the prefix added or removed", async () => {
    const texts = await Promise.all(
      EACH_KIND.map(async (claims) => {
        const token = await keys.sign(claims);
        return claims === TODAYS_RUNNER ? token.slice("glrt-".length) : `glrt-${token}`;
      }),
    );
    expect(await accepted(texts)).toEqual([]);
  });

  it("with the signature of another", async () => {
    const others = [...EACH_KIND, { ...BUILD, id: 13 }, { ...BUILD, attempt: 2 }, { ...BUILD, queue: "eu" }];
    const parts = await Promise.all(
      others.map(async (claims) => {
        const token = await keys.sign(claims);
        const start = claims === TODAYS_RUNNER ? "glrt-" : "";
        return {
          start,
          signature: token.slice(start.length, start.length + 32),
          payload: token.slice(start.length + 32),
        };
      }),
    );
    const swapped = parts.flatMap((one) =>
      parts.filter((other) => other !== one).map((other) => one.start + other.signature + one.payload),
    );
    expect(await accepted(swapped)).toEqual([]);
  });

  it("signed with another secret, even under our secret's key id", async () => {
    const theirs = await (await TokenKeys.from("another secret")).sign(BUILD);
    const ours = await keys.sign(BUILD);
    expect(await accepted([theirs, theirs.slice(0, -4) + ours.slice(-4)])).toEqual([]);
  });

  it("with the key id of no secret", async () => {
    const token = await keys.sign(BUILD);
    expect(await accepted([`${token.slice(0, -4)}${token.endsWith("0000") ? "ffff" : "0000"}`])).toEqual([]);
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
  ])("when it is %s", async (_what, text) => {
    expect(await keys.verify(text)).toBeNull();
  });
});

describe("with a previous secret", () => {
  it("tokens of both are genuine, and new ones are the current one's", async () => {
    const before = await TokenKeys.from("old secret");
    const rotated = await TokenKeys.from("new secret", "old secret");
    const after = await TokenKeys.from("new secret");
    expect(await rotated.verify(await before.sign(BUILD))).toEqual(BUILD);
    expect(await rotated.verify(await after.sign(BUILD))).toEqual(BUILD);
    expect(await rotated.sign(BUILD)).toBe(await after.sign(BUILD));
    expect(await after.verify(await before.sign(BUILD))).toBeNull();
  });

  it("a token is known under each secret, for masking", async () => {
    const before = await TokenKeys.from("old secret");
    const rotated = await TokenKeys.from("new secret", "old secret");
    expect(await rotated.signWithAll(BUILD)).toEqual([await rotated.sign(BUILD), await before.sign(BUILD)]);
  });

  it.each([
    ["none", undefined],
    ["an empty one", ""],
    ["the current one again", "new secret"],
  ])("that is %s there is one secret", async (_what, previous) => {
    const single = await TokenKeys.from("new secret", previous);
    expect(await single.signWithAll(BUILD)).toEqual([await single.sign(BUILD)]);
  });

  it("both secrets are tried when their key ids are the same", async () => {
    const { first, second } = await secretsOfOneKeyId();
    const rotated = await TokenKeys.from(first, second);
    const before = await TokenKeys.from(second);
    expect((await before.sign(BUILD)).slice(-4)).toBe((await rotated.sign(BUILD)).slice(-4));
    expect(await rotated.verify(await before.sign(BUILD))).toEqual(BUILD);
  });
});

/** Of a few hundred secrets two share one of the 65536 ids. */
const secretsOfOneKeyId = async (): Promise<{ first: string; second: string }> => {
  const seen = new Map<string, string>();
  for (let n = 0; ; n += 1) {
    const second = `secret ${n}`;
    const id = (await (await TokenKeys.from(second)).sign(BUILD)).slice(-4);
    const first = seen.get(id);
    if (first !== undefined) return { first, second };
    seen.set(id, second);
  }
};

describe("two secrets are the same", () => {
  it.each(["", "dev-admin-token", "ünïcode 🔑", "x".repeat(10_000)])("when they are equal (%#)", async (text) => {
    expect(await sameSecret(text, text)).toBe(true);
  });

  it.each([
    ["a beginning", "secret", "secre"],
    ["an extension", "secret", "secrets"],
    ["another last character", "secret", "secreT"],
    ["nothing", "secret", ""],
    ["another way to write the same letter", "\u00e9", "e\u0301"],
  ])("never with %s", async (_what, a, b) => {
    expect(await sameSecret(a, b)).toBe(false);
    expect(await sameSecret(b, a)).toBe(false);
  });
});
