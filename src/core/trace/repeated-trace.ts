/**
 * The legacy runner's last PUT repeats its whole log as JSON text, in which Go has put U+FFFD for every byte that is
 * not part of valid UTF-8. The bytes that came by patches are the better ones, so only what goes beyond them is taken.
 */
export interface Agreement {
  /** The first bytes of the stored log that the repeated one agrees with. */
  readonly storedBytes: number;
  /** The first bytes of the repeated log that these cover: the rest of it belongs after them. */
  readonly repeatedBytes: number;
}

/**
 * How far the stored log, as Go's encoding/json would write it, is the beginning of the repeated one. Both counts end
 * at a character, with one exception: of a stored log that ends within a character which the repeated log has in full,
 * all bytes agree, and the character's other bytes follow in the repeated log.
 * @param stored the log's bytes in order; characters may be split over chunks
 * @param repeated valid UTF-8
 */
export const agreement = (stored: Iterable<Uint8Array>, repeated: Uint8Array): Agreement => {
  let agreed: Agreement = { storedBytes: 0, repeatedBytes: 0 };
  let unfinished = new Uint8Array();
  for (const chunk of stored) {
    const bytes = unfinished.length === 0 ? chunk : joined(unfinished, chunk);
    const passed = passCharacters(bytes, repeated, agreed.repeatedBytes, false);
    agreed = sum(agreed, passed);
    const rest = passed.storedBytes;
    if (rest < bytes.length && characterLength(bytes, rest) !== UNFINISHED) return agreed;
    // A copy of at most three bytes, since the chunk is its owner's.
    unfinished = bytes.slice(rest);
  }
  // The other bytes of the last character may be just what the repeated log adds; else these were invalid to Go.
  const asTheyAre = { storedBytes: unfinished.length, repeatedBytes: unfinished.length };
  return standsAt(repeated, agreed.repeatedBytes, unfinished, 0, unfinished.length)
    ? sum(agreed, asTheyAre)
    : sum(agreed, passCharacters(unfinished, repeated, agreed.repeatedBytes, true));
};

const sum = (a: Agreement, b: Agreement): Agreement => ({
  storedBytes: a.storedBytes + b.storedBytes,
  repeatedBytes: a.repeatedBytes + b.repeatedBytes,
});

const REPLACEMENT = Uint8Array.of(0xef, 0xbf, 0xbd);

/** How far whole characters agree from the offset on. An unfinished one is invalid if these bytes are the last. */
const passCharacters = (bytes: Uint8Array, repeated: Uint8Array, offset: number, areLast: boolean): Agreement => {
  let at = 0;
  let to = offset;
  while (at < bytes.length) {
    const length = characterLength(bytes, at);
    if (length === UNFINISHED && !areLast) break;
    const isValid = length > 0;
    if (!(isValid ? standsAt(repeated, to, bytes, at, length) : standsAt(repeated, to, REPLACEMENT, 0, 3))) break;
    at += isValid ? length : 1;
    to += isValid ? length : REPLACEMENT.length;
  }
  return { storedBytes: at, repeatedBytes: to - offset };
};

/** Whether `length` bytes from `from` on stand in `bytes` at this offset. */
const standsAt = (bytes: Uint8Array, offset: number, source: Uint8Array, from: number, length: number): boolean => {
  for (let i = 0; i < length; i += 1) if (bytes[offset + i] !== source[from + i]) return false;
  return true;
};

const joined = (a: Uint8Array, b: Uint8Array): Uint8Array => {
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
