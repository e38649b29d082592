/**
 * Takes one long string, the log, out of a JSON object while its bytes come in: a report of 64 MiB is never in memory whole.
 *
 * This is no JSON parser. It replaces the log's string by `""` and keeps every other byte, which leaves a valid text valid
 * and a broken one broken; JSON.parse judges the rest. Only the log it must judge by itself: at a fault it stops keeping
 * bytes, so that the rest ends within an open string or object, which no parser accepts.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const REPLACEMENT_CHARACTER = 0xfffd;
const WHITESPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** What the byte after a backslash stands for. */
const ESCAPES: ReadonlyMap<number, number> = new Map(
  ['""', "\\\\", "//", "b\b", "f\f", "n\n", "r\r", "t\t"].map((pair) => [pair.charCodeAt(0), pair.charCodeAt(1)]),
);

/** What UTF-8 adds to a character's first byte, by the number of bytes that follow it. */
const LEAD_MARKS = [0, 0xc0, 0xe0, 0xf0] as const;

/** Bytes are collected before they are handed on: a call for each escape would cost too much. */
const PIECE_BYTES = 65_536;

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;

/** Unescapes a JSON string behind its opening quote. A lone surrogate becomes U+FFFD, as in TextEncoder. */
class StringDecoder {
  readonly #onBytes: (bytes: Uint8Array) => void;
  readonly #piece = new Uint8Array(PIECE_BYTES);
  #pieceBytes = 0;
  state: "plain" | "escape" | "unicode" | "ended" | "broken" = "plain";
  #unit = 0;
  #unitDigits = 0;
  /** The first half of a pair that waits for the second; 0 when there is none. */
  #highSurrogate = 0;

  constructor(onBytes: (bytes: Uint8Array) => void) {
    this.#onBytes = onBytes;
  }

  /** Takes the bytes that stand for themselves, from `at`; returns where the next one is to `read`, or the chunk's end. */
  copyPlain(chunk: Uint8Array, at: number): number {
    if (this.state !== "plain") return at;
    for (; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (byte === QUOTE || byte === BACKSLASH || byte < 0x20) break;
      if (this.#highSurrogate !== 0) this.#putLoneSurrogate();
      this.#put(byte);
    }
    return at;
  }

  read(byte: number): void {
    if (this.state === "unicode") this.#readUnicode(byte);
    else if (this.state === "escape") this.#readEscape(byte);
    else if (byte === BACKSLASH) this.state = "escape";
    else {
      this.#putLoneSurrogate();
      this.state = byte === QUOTE ? "ended" : "broken";
    }
  }

  flush(): void {
    if (this.#pieceBytes > 0) this.#onBytes(this.#piece.subarray(0, this.#pieceBytes));
    this.#pieceBytes = 0;
  }

  #readEscape(byte: number): void {
    const meant = ESCAPES.get(byte);
    this.state = byte === LETTER_U ? "unicode" : meant === undefined ? "broken" : "plain";
    if (meant !== undefined) this.#putUnit(meant);
  }

  #readUnicode(byte: number): void {
    this.#unit = this.#unit * 16 + parseInt(String.fromCharCode(byte), 16);
    if (++this.#unitDigits < 4) return;
    this.state = Number.isNaN(this.#unit) ? "broken" : "plain";
    if (this.state === "plain") this.#putUnit(this.#unit);
    this.#unit = this.#unitDigits = 0;
  }

  #putUnit(unit: number): void {
    if (this.#highSurrogate !== 0 && isLowSurrogate(unit)) {
      this.#putCharacter(0x10000 + ((this.#highSurrogate - 0xd800) << 10) + (unit - 0xdc00));
      this.#highSurrogate = 0;
      return;
    }
    this.#putLoneSurrogate();
    if (isHighSurrogate(unit)) this.#highSurrogate = unit;
    else this.#putCharacter(isLowSurrogate(unit) ? REPLACEMENT_CHARACTER : unit);
  }

  #putLoneSurrogate(): void {
    if (this.#highSurrogate !== 0) this.#putCharacter(REPLACEMENT_CHARACTER);
    this.#highSurrogate = 0;
  }

  #putCharacter(code: number): void {
    let following = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    this.#put((LEAD_MARKS[following] ?? 0) | (code >> (6 * following)));
    while (following-- > 0) this.#put(0x80 | ((code >> (6 * following)) & 0x3f));
  }

  #put(byte: number): void {
    this.#piece[this.#pieceBytes++] = byte;
    if (this.#pieceBytes === PIECE_BYTES) this.flush();
  }
}

/**
 * Separates the member `name` of the outermost object from the rest when its value is a string; a value of another type stays
 * in the rest, and so does a member of that name further inside. Keys are compared unescaped (`"\u0074race"` is `trace`). An
 * object with two such members is broken, whatever their types: JSON.parse would take the last, with the first handed on.
 */
export class JsonLogReader {
  /** Bytes of the rest so far: a caller that bounds them looks after each push. */
  restBytes = 0;
  readonly #name: string;
  readonly #log: StringDecoder;
  #state: "between" | "value" | "string" | "escape" | "log" | "ended" | "broken" = "between";
  #depth = 0;
  #named = false;
  #rest = new Uint8Array(1024);
  /** Where the latest string of the rest stands, with its quotes. */
  #stringStart = 0;
  #stringEnd = 0;

  /**
   * `onLog` gets the unescaped log as UTF-8, in pieces of 1 to 65,536 bytes, each overwritten after the call; an empty log has
   * none. Bytes that need no escape pass as they are, valid UTF-8 or not. Trust no piece before the rest has been parsed.
   */
  constructor(name: string, onLog: (bytes: Uint8Array) => void) {
    this.#name = name;
    this.#log = new StringDecoder(onLog);
  }

  /** Has the log begun, and not ended? Then the rest so far, with `"}` behind it, is what comes before the log. */
  get isInLog(): boolean {
    return this.#state === "log";
  }

  /** The next bytes of the text, cut anywhere. Their part of the log has been handed on when this returns. */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at++) {
      if (this.#state === "log") at = this.#log.copyPlain(chunk, at);
      const byte = chunk[at];
      if (byte !== undefined) this.#read(byte);
    }
    this.#log.flush();
  }

  /** The text with `""` for the log, for JSON.parse to judge: it rejects this when the text or the log is broken or unfinished. */
  rest(): Uint8Array {
    return this.#rest.slice(0, this.restBytes);
  }

  #read(byte: number): void {
    if (this.#state === "log") {
      this.#log.read(byte);
      if (this.#log.state === "ended" || this.#log.state === "broken") this.#state = this.#log.state;
    }
    if (this.#state === "log" || this.#state === "broken") return;
    if (this.restBytes === this.#rest.length)
      this.#rest = new Uint8Array(this.#rest.buffer.transfer(this.restBytes * 2));
    this.#rest[this.restBytes++] = byte;
    if (this.#state === "ended") this.#state = "between";
    else if (this.#state === "escape") this.#state = "string";
    else if (this.#state === "string") {
      if (byte === BACKSLASH) this.#state = "escape";
      if (byte === QUOTE) this.#state = "between";
      this.#stringEnd = this.restBytes;
    } else if (!WHITESPACE.has(byte)) this.#readStructure(String.fromCharCode(byte));
  }

  #readStructure(character: string): void {
    const isNamedValue = this.#state === "value";
    this.#state = "between";
    if (character === '"') {
      this.#state = isNamedValue ? "log" : "string";
      this.#stringStart = this.restBytes - 1;
    } else if (character === "{" || character === "[") this.#depth++;
    else if (character === "}" || character === "]") this.#depth--;
    // A colon follows nothing but a key, or the rest is broken anyway.
    else if (character === ":" && this.#depth === 1 && this.#latestStringIsName()) {
      this.#state = this.#named ? "broken" : "value";
      this.#named = true;
    }
  }

  #latestStringIsName(): boolean {
    // No character of a key takes more than the six bytes of `\uXXXX`.
    if (this.#stringEnd - this.#stringStart > this.#name.length * 6 + 2) return false;
    const key = new TextDecoder().decode(this.#rest.subarray(this.#stringStart, this.#stringEnd));
    try {
      return JSON.parse(key) === this.#name;
    } catch {
      return false; // The rest keeps this broken key and is refused for it.
    }
  }
}
