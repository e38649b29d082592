/**
 * The legacy runner's last PUT repeats its whole log as JSON text, in which Go has put U+FFFD for every byte that is
 * not part of valid UTF-8. The bytes that came by patches are the better ones, so only what goes beyond them is taken.
 */

/** The log as it is stored; it may grow meanwhile. */
export interface StoredTrace {
  lengthBytes(): number;
  /** `maxBytes` from `offset` on, fewer at the end alone. */
  read(offset: number, maxBytes: number): Uint8Array;
}

/** So much of the stored log is looked at at a time. */
const WINDOW_BYTES = 512 * 1024;
const LONGEST_CHARACTER_BYTES = 4;

const REPLACEMENT = Uint8Array.of(0xef, 0xbf, 0xbd);
const NOTHING: Uint8Array = new Uint8Array();

/**
 * Compares a repeated log with the stored one while it comes in, as valid UTF-8, in pieces cut anywhere.
 *
 * The stored log agrees as far as Go's encoding/json would write it like the repeated one. That ends at a character, with one
 * exception: of a stored log that ends within a character which the repeated log has in full, all bytes agree, and the
 * character's other bytes follow in the repeated log.
 */
export class RepeatedTrace {
  readonly #stored: StoredTrace;
  readonly #windowBytes: number;
  #window: Uint8Array = NOTHING;
  #windowStart = 0;
  /** The beginning of a character of the repeated log whose rest is yet to come. */
  #unjudged: Uint8Array = NOTHING;
  #agreedBytes: number;
  #state: "repeats" | "beyond" | "differs" = "repeats";

  /** `agreedBytes`: how many are known to agree, when the repeated log comes from there on. */
  constructor(stored: StoredTrace, agreedBytes = 0, windowBytes = WINDOW_BYTES) {
    this.#stored = stored;
    this.#agreedBytes = agreedBytes;
    this.#windowBytes = Math.max(windowBytes, LONGEST_CHARACTER_BYTES);
  }

  /** So many of the stored log's first bytes are what the repeated one has said so far. */
  get agreedBytes(): number {
    return this.#agreedBytes;
  }

  /** Does the repeated log say something else where the stored one goes on? */
  get differs(): boolean {
    return this.#state === "differs";
  }

  /** The next bytes of the repeated log. Returns those that come after the agreement: they belong behind `agreedBytes`. */
  take(piece: Uint8Array): Uint8Array {
    if (this.#state !== "repeats") return piece;
    const bytes = this.#unjudged.length === 0 ? piece : joined(this.#unjudged, piece);
    const judged = this.#judge(bytes, false);
    // A copy, since the piece is its owner's.
    this.#unjudged = this.#state === "repeats" ? bytes.slice(judged) : NOTHING;
    return this.#state === "repeats" ? NOTHING : bytes.subarray(judged);
  }

  /** The repeated log has ended. Returns what of it was still waiting for the rest of a character. */
  end(): Uint8Array {
    const bytes = this.#unjudged;
    this.#unjudged = NOTHING;
    return this.#state === "repeats" ? bytes.subarray(this.#judge(bytes, true)) : NOTHING;
  }

  /** How many of these bytes agree with the stored ones that are next. */
  #judge(bytes: Uint8Array, areLast: boolean): number {
    let judged = 0;
    while (this.#state === "repeats") {
      const window = this.#nextStored();
      if (window.length === 0 && judged === bytes.length) return judged;
      if (window.length === 0) {
        this.#state = "beyond";
        return judged;
      }
      const passed = passCharacters(window, bytes, judged, {
        isStoredEnd: this.#agreedBytes + window.length >= this.#stored.lengthBytes(),
        isRepeatedEnd: areLast,
      });
      this.#agreedBytes += passed.storedBytes;
      judged += passed.repeatedBytes;
      if (passed.why === "differs") this.#state = "differs";
      if (passed.why === "waits") return judged;
    }
    return judged;
  }

  /** What of the stored log comes next: a whole character at least, but at its end. */
  #nextStored(): Uint8Array {
    const held = this.#window.subarray(this.#agreedBytes - this.#windowStart);
    if (held.length >= LONGEST_CHARACTER_BYTES) return held;
    this.#windowStart = this.#agreedBytes;
    this.#window = this.#stored.read(this.#windowStart, this.#windowBytes);
    return this.#window;
  }
}

interface Passed {
  readonly storedBytes: number;
  readonly repeatedBytes: number;
  /** `stored`: the window is used up; `waits`: the repeated log is. */
  readonly why: "stored" | "waits" | "differs";
}

interface Ends {
  readonly isStoredEnd: boolean;
  readonly isRepeatedEnd: boolean;
}

/** How far whole characters of the window agree with the repeated bytes from `offset` on. */
const passCharacters = (window: Uint8Array, repeated: Uint8Array, offset: number, ends: Ends): Passed => {
  let at = 0;
  let to = offset;
  const passed = (why: Passed["why"]): Passed => ({ storedBytes: at, repeatedBytes: to - offset, why });
  while (at < window.length) {
    const length = characterLength(window, at);
    if (length === UNFINISHED && !ends.isStoredEnd) return passed("stored");
    if (length === UNFINISHED) {
      // The other bytes of the last character may be just what the repeated log adds; else these were invalid to Go.
      const rest = window.subarray(at);
      const found = standsAt(repeated, to, rest, ends.isRepeatedEnd);
      if (found === "waits") return passed("waits");
      if (found === "stands") {
        at += rest.length;
        to += rest.length;
        return passed("stored");
      }
    }
    const isValid = length > 0;
    const rendered = isValid ? window.subarray(at, at + length) : REPLACEMENT;
    const found = standsAt(repeated, to, rendered, ends.isRepeatedEnd);
    if (found !== "stands") return passed(found);
    at += isValid ? length : 1;
    to += rendered.length;
  }
  return passed("stored");
};

/** Whether `expected` stands in `bytes` at this offset; of bytes that end before, whether it may yet. */
const standsAt = (
  bytes: Uint8Array,
  offset: number,
  expected: Uint8Array,
  areLast: boolean,
): "stands" | "waits" | "differs" => {
  for (let at = 0; at < expected.length; at += 1) {
    if (offset + at >= bytes.length) return areLast && at > 0 ? "differs" : "waits";
    if (bytes[offset + at] !== expected[at]) return "differs";
  }
  return "stands";
};

const joined = (a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> => {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
};

/** One byte that begins no character. */
const INVALID = 0;
/** The end cuts off what may be a character. */
const UNFINISHED = -1;

/**
 * The bytes of the UTF-8 character that begins here, by the rules of Go's utf8.DecodeRune: no overlong forms, no
 * surrogates, nothing above U+10FFFF. WHATWG's decoder replaces several bytes by one U+FFFD, Go each by its own.
 */
const characterLength = (bytes: Uint8Array, at: number): number => {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return INVALID;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  for (let i = 1; i < length; i += 1) {
    const byte = bytes[at + i];
    if (byte === undefined) return UNFINISHED;
    if (byte < (i === 1 ? lowestSecond(lead) : 0x80) || byte > (i === 1 ? highestSecond(lead) : 0xbf)) return INVALID;
  }
  return length;
};

/** A lower one would be an overlong form. */
const lowestSecond = (lead: number): number => (lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80);

/** A higher one would be a surrogate, or lie beyond U+10FFFF. */
const highestSecond = (lead: number): number => (lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf);
