import { describe, expect, it } from "vitest";
import { RepeatedTrace } from "../../../src/core/trace/repeated-trace.ts";

const FFFD = [0xef, 0xbf, 0xbd];
const utf8 = (text: string): number[] => [...new TextEncoder().encode(text)];

interface Cut {
  /** How much of the stored log is looked at at a time. */
  readonly window?: number;
  /** Where the repeated log is cut. */
  readonly cuts?: readonly number[];
}

/** The first bytes of the stored log that the repeated one agrees with, and of the repeated one that these cover. */
const agreement = (stored: Uint8Array, repeated: Uint8Array, { window, cuts = [] }: Cut = {}) => {
  const trace = new RepeatedTrace(
    { lengthBytes: () => stored.length, read: (offset, maxBytes) => stored.slice(offset, offset + maxBytes) },
    0,
    window,
  );
  let rest = 0;
  for (const [at, from] of [0, ...cuts].entries()) rest += trace.take(repeated.slice(from, cuts[at])).length;
  rest += trace.end().length;
  return { storedBytes: trace.agreedBytes, repeatedBytes: repeated.length - rest };
};

/** What the caller ends up with: what is kept of the stored log, and the rest of the repeated one. */
const compare = (stored: readonly number[], repeated: readonly number[]) => {
  const { storedBytes, repeatedBytes } = agreement(Uint8Array.from(stored), Uint8Array.from(repeated));
  return { kept: stored.slice(0, storedBytes), added: repeated.slice(repeatedBytes) };
};

describe("of two logs", () => {
  it.each<[string, number[], number[], number, number]>([
    ["a repeated one that goes on adds its rest", utf8("abc"), utf8("abcdef"), 3, 3],
    ["equal ones agree to the end", utf8("abc"), utf8("abc"), 3, 3],
    ["a shorter repeated one covers only a beginning", utf8("abcdef"), utf8("abc"), 3, 3],
    ["a difference in the middle ends the agreement there", utf8("abXdef"), utf8("abYdef"), 2, 2],
    ["nothing stored takes all that is repeated", [], utf8("abc"), 0, 0],
    ["nothing repeated covers nothing", utf8("abc"), [], 0, 0],
    ["two empty ones agree", [], [], 0, 0],
    ["different first bytes agree in nothing", utf8("a"), utf8("b"), 0, 0],
  ])("%s", (_what, stored, repeated, storedBytes, repeatedBytes) => {
    expect(agreement(Uint8Array.from(stored), Uint8Array.from(repeated))).toEqual({ storedBytes, repeatedBytes });
  });

  it("those that differ within a character are cut before it", () => {
    // € and ₭ share their first two bytes.
    expect(compare(utf8("a€b"), utf8("a₭b"))).toEqual({ kept: utf8("a"), added: utf8("₭b") });
  });

  it("a whole character doesn't agree with what its bytes alone would have become", () => {
    expect(compare(utf8("€"), [...FFFD, ...FFFD, ...FFFD])).toEqual({ kept: [], added: [...FFFD, ...FFFD, ...FFFD] });
  });
});

describe("a stored byte that is not valid UTF-8", () => {
  it("agrees with U+FFFD and stays as it is", () => {
    expect(compare([0x61, 0xff, 0x62], [0x61, ...FFFD, 0x62, 0x63])).toEqual({
      kept: [0x61, 0xff, 0x62],
      added: [0x63],
    });
  });

  it("agrees with no other character", () => {
    expect(compare([0x61, 0xff], utf8("aÿ"))).toEqual({ kept: [0x61], added: utf8("ÿ") });
  });

  it.each([
    ["overlong forms", [0xc0, 0xaf]],
    ["overlong forms of three bytes", [0xe0, 0x9f, 0xbf]],
    ["overlong forms of four bytes", [0xf0, 0x8f, 0xbf, 0xbf]],
    ["surrogates", [0xed, 0xa0, 0x80]],
    ["characters beyond the last one", [0xf4, 0x90, 0x80, 0x80]],
    ["lead bytes of no form", [0xf5, 0x80, 0x80, 0x80]],
    ["a cut character before another", [0xf0, 0x9f, 0x98]],
    ["continuation bytes alone", [0x80, 0xbf]],
  ])("has a U+FFFD of its own in %s", (_what, invalid) => {
    const rendered = invalid.flatMap(() => FFFD);
    const stored = [...invalid, 0x21];
    expect(compare(stored, [...rendered, 0x21, 0x22])).toEqual({ kept: stored, added: [0x22] });
  });

  it.each(["\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff", "\u{10000}", "\u{10ffff}"])(
    "is not in the first or last character of a form (%j)",
    (character) => {
      const stored = utf8(`${character}.`);
      expect(compare(stored, [...stored, 0x21])).toEqual({ kept: stored, added: [0x21] });
    },
  );

  it("is covered by as much as a shorter repeated log has", () => {
    expect(compare([0x80, 0x80, 0x80], [...FFFD, ...FFFD])).toEqual({ kept: [0x80, 0x80], added: [] });
  });
});

it("a real U+FFFD in the stored log agrees with itself", () => {
  expect(compare([...FFFD, 0x61], [...FFFD, 0x61, 0x62])).toEqual({ kept: [...FFFD, 0x61], added: [0x62] });
});

describe("a stored log that ends within a character", () => {
  it.each([
    ["é", 1],
    ["€", 1],
    ["€", 2],
    ["😀", 1],
    ["😀", 2],
    ["😀", 3],
    ["\ufffd", 1],
    ["\ufffd", 2],
  ])("is completed when the repeated log has it in full (%j after %d bytes)", (character, length) => {
    const whole = utf8(`a${character}b`);
    const stored = whole.slice(0, 1 + length);
    expect(compare(stored, whole)).toEqual({ kept: stored, added: whole.slice(1 + length) });
  });

  it("stays as it is when the repeated log has U+FFFD for each of its bytes", () => {
    expect(compare([0x61, 0xe2, 0x82], [0x61, ...FFFD, ...FFFD, 0x62])).toEqual({
      kept: [0x61, 0xe2, 0x82],
      added: [0x62],
    });
  });

  it("agrees up to that character when the repeated log goes on with another", () => {
    expect(compare([0x61, 0xe2, 0x82], utf8("a→"))).toEqual({ kept: [0x61], added: utf8("→") });
  });

  it("is covered by as much as a shorter repeated log has", () => {
    expect(compare([0x61, 0xe2, 0x82], [0x61, ...FFFD])).toEqual({ kept: [0x61, 0xe2], added: [] });
  });
});

describe("pieces", () => {
  const stored = Uint8Array.from([...utf8("aé€😀"), 0xff, 0xe2, 0x82, ...utf8("z"), ...FFFD, 0xf0, 0x9f]);
  const repeated = Uint8Array.from([...utf8("aé€😀"), ...FFFD, ...FFFD, ...FFFD, ...utf8("z"), ...FFFD, ...utf8("😀")]);
  const expected = { storedBytes: stored.length, repeatedBytes: repeated.length - 2 };

  it("of the repeated log may be cut anywhere, also within characters", () => {
    for (let first = 0; first <= repeated.length; first += 1) {
      for (let second = first; second <= repeated.length; second += 1) {
        const found = agreement(stored, repeated, { cuts: [first, second] });
        expect([first, second, found]).toEqual([first, second, expected]);
      }
    }
  });

  it("of both may be of any size, down to single bytes", () => {
    const cuts = Array.from(repeated, (_, at) => at + 1);
    for (let window = 4; window <= stored.length; window += 1) {
      expect([window, agreement(stored, repeated, { window, cuts })]).toEqual([window, expected]);
    }
  });

  it("of the stored log are read no further than the first difference", () => {
    const read: number[] = [];
    const long = Uint8Array.from(utf8("ab".repeat(20)));
    const trace = new RepeatedTrace(
      {
        lengthBytes: () => long.length,
        read: (offset, maxBytes) => {
          read.push(offset);
          return long.slice(offset, offset + maxBytes);
        },
      },
      0,
      4,
    );
    expect(trace.take(Uint8Array.from(utf8("abX")))).toEqual(Uint8Array.from(utf8("X")));
    expect([trace.agreedBytes, trace.differs, read]).toEqual([2, true, [0]]);
  });

  it("of the repeated log may be a buffer that is used again", () => {
    const trace = new RepeatedTrace({
      lengthBytes: () => stored.length,
      read: (offset, maxBytes) => stored.slice(offset, offset + maxBytes),
    });
    const buffer = new Uint8Array(1);
    const rest: number[] = [];
    for (const byte of repeated) {
      buffer[0] = byte;
      rest.push(...trace.take(buffer));
    }
    expect(rest).toEqual([...utf8("😀")].slice(2));
  });

  it("agree also with what was stored meanwhile", () => {
    const grown = utf8("abc");
    const trace = new RepeatedTrace({
      lengthBytes: () => grown.length,
      read: (offset, maxBytes) => Uint8Array.from(grown.slice(offset, offset + maxBytes)),
    });
    expect(trace.take(Uint8Array.from(utf8("abc")))).toHaveLength(0);
    grown.push(...utf8("def"));
    expect(trace.take(Uint8Array.from(utf8("defg")))).toEqual(Uint8Array.from(utf8("g")));
    expect([trace.agreedBytes, trace.differs]).toEqual([6, false]);
  });
});

/** One character each: valid ones by the platform's own decoder, and the single bytes that are in none. */
const characters = (bytes: readonly number[]): { raw: number[]; rendered: number[] }[] => {
  const found = [];
  for (let at = 0; at < bytes.length;) {
    const length = [1, 2, 3, 4].find((n) => isCharacter(bytes.slice(at, at + n)));
    const raw = bytes.slice(at, at + (length ?? 1));
    found.push({ raw, rendered: length === undefined ? FFFD : raw });
    at += raw.length;
  }
  return found;
};

const isCharacter = (bytes: readonly number[]): boolean => {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
    return Array.from(text).length === 1;
  } catch {
    return false;
  }
};

const goJson = (bytes: readonly number[]): number[] => characters(bytes).flatMap(({ rendered }) => rendered);

const startsWith = (bytes: readonly number[], start: readonly number[]): boolean =>
  start.every((byte, at) => bytes[at] === byte);

/** Tries the beginnings of the stored log that end at a character, from the longest on. */
const agreementByDefinition = (stored: readonly number[], repeated: readonly number[]) => {
  const all = characters(stored);
  // As the stored log ends, with some bytes that the repeated log may complete.
  for (const cut of [3, 2, 1]) {
    const before = goJson(stored.slice(0, -cut));
    const tail = stored.slice(-cut);
    const completed = characters(repeated.slice(before.length))[0]?.raw ?? [];
    const isTail = cut <= stored.length && all.slice(-cut).every(({ raw }) => raw.length === 1 && raw[0]! >= 0x80);
    if (isTail && completed.length > cut && startsWith(completed, tail) && startsWith(repeated, before)) {
      return { storedBytes: stored.length, repeatedBytes: before.length + cut };
    }
  }
  for (let count = all.length; count > 0; count -= 1) {
    const rendered = all.slice(0, count).flatMap((character) => character.rendered);
    const storedBytes = all.slice(0, count).flatMap((character) => character.raw).length;
    if (startsWith(repeated, rendered)) return { storedBytes, repeatedBytes: rendered.length };
  }
  return { storedBytes: 0, repeatedBytes: 0 };
};

const seeded = (seed: number) => (): number => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
};

describe("for random bytes", () => {
  const random = seeded(11);
  const below = (limit: number): number => Math.floor(random() * limit);
  const VALID = ["a", "b", "é", "€", "₭", "😀", "\ufffd", "\ufeff"].map(utf8);
  const BROKEN = [[0xff], [0x80], [0xe2], [0xe2, 0x82], [0xf0, 0x9f], [0xf0, 0x9f, 0x98], [0xef, 0xbf], [0xed, 0xa0]];
  const PIECES = [...VALID, ...BROKEN];
  const randomBytes = (count: number): number[] =>
    Array.from({ length: count }, () => PIECES[below(PIECES.length)] ?? []).flat();

  const cutsOf = (bytes: readonly number[]): Cut => {
    const cuts = [];
    for (let at = 1 + below(4); at < bytes.length; at += 1 + below(4)) cuts.push(at);
    return { cuts, window: 4 + below(4) };
  };

  it("a stored log that is any beginning of the whole is kept, and what is added makes the whole", () => {
    for (let round = 0; round < 200; round += 1) {
      const whole = randomBytes(1 + below(8));
      const repeated = goJson(whole);
      for (let length = 0; length <= whole.length; length += 1) {
        const stored = whole.slice(0, length);
        const { storedBytes, repeatedBytes } = agreement(
          Uint8Array.from(stored),
          Uint8Array.from(repeated),
          cutsOf(repeated),
        );
        expect([whole, length, storedBytes]).toEqual([whole, length, length]);
        expect(goJson([...stored, ...repeated.slice(repeatedBytes)])).toEqual(repeated);
      }
    }
  });

  it("any two logs agree as far as the definition says", () => {
    for (let round = 0; round < 2_000; round += 1) {
      const stored = randomBytes(below(6));
      const other = round % 2 === 0 ? randomBytes(below(3)) : [...stored.slice(0, below(8)), ...randomBytes(below(3))];
      const repeated = goJson(other);
      const found = agreement(Uint8Array.from(stored), Uint8Array.from(repeated), cutsOf(repeated));
      expect({ stored, repeated, ...found }).toEqual({ stored, repeated, ...agreementByDefinition(stored, repeated) });
    }
  });
});
