/**
 * Where a file is in a zip archive, by the directory at the archive's end (PKWARE's APPNOTE 4.3 to 4.5). It is read as a
 * stream, entry by entry, until the name is found: neither the number of files nor their names take memory.
 *
 * What an archive says of itself is not believed beyond its own bounds.
 */
export interface ZipMember {
  readonly flags: number;
  readonly method: number;
  readonly compressedBytes: number;
  readonly sizeBytes: number;
  /** Where its local header begins. */
  readonly offset: number;
}

export interface ZipDirectory {
  readonly offset: number;
  readonly sizeBytes: number;
}

/** The end record and the longest comment that may follow it, with the two records of zip64 in front of it. */
export const TAIL_BYTES = 22 + 0xffff + 20 + 56;

const END_RECORD = 0x06054b50;
const END_BYTES = 22;
const ZIP64_LOCATOR = 0x07064b50;
const ZIP64_LOCATOR_BYTES = 20;
const ZIP64_RECORD = 0x06064b50;
const ZIP64_RECORD_BYTES = 56;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const ZIP64_EXTRA = 1;

/** A directory beyond these is not searched: half a million files. */
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;
const MAX_ENTRIES = 500_000;

const ALL_ONES_16 = 0xffff;
const ALL_ONES_32 = 0xffffffff;

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Numbers beyond 2^53 are none that an archive of ours could have. */
const uint64 = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

/**
 * The directory, by the last bytes of the archive (`TAIL_BYTES`, or all of a shorter one). Null when they are not the end
 * of a zip archive; `too_many_files` when it is too large to be searched.
 */
export const findDirectory = (tail: Uint8Array, archiveBytes: number): ZipDirectory | "too_many_files" | null => {
  const view = viewOf(tail);
  const tailOffset = archiveBytes - tail.byteLength;
  for (let at = tail.byteLength - END_BYTES; at >= 0; at--) {
    if (view.getUint32(at, true) !== END_RECORD) continue;
    if (at + END_BYTES + view.getUint16(at + 20, true) !== tail.byteLength) continue;
    return checked(zip64Directory(view, at, tailOffset) ?? plainDirectory(view, at), tailOffset + at);
  }
  return null;
};

interface Said extends ZipDirectory {
  readonly entries: number;
}

const plainDirectory = (view: DataView, at: number): Said => ({
  entries: view.getUint16(at + 10, true),
  sizeBytes: view.getUint32(at + 12, true),
  offset: view.getUint32(at + 16, true),
});

/** Null when the end record has room for what it says, or the record that it hands on to isn't there. */
const zip64Directory = (view: DataView, at: number, tailOffset: number): Said | null => {
  const said = plainDirectory(view, at);
  const isFull = said.entries === ALL_ONES_16 || said.sizeBytes === ALL_ONES_32 || said.offset === ALL_ONES_32;
  const locator = at - ZIP64_LOCATOR_BYTES;
  if (!isFull || locator < 0 || view.getUint32(locator, true) !== ZIP64_LOCATOR) return null;
  const record = uint64(view, locator + 8) - tailOffset;
  if (!Number.isSafeInteger(record) || record < 0 || record + ZIP64_RECORD_BYTES > locator) return null;
  if (view.getUint32(record, true) !== ZIP64_RECORD) return null;
  return {
    entries: uint64(view, record + 32),
    sizeBytes: uint64(view, record + 40),
    offset: uint64(view, record + 48),
  };
};

const checked = (said: Said, endOffset: number): ZipDirectory | "too_many_files" | null => {
  const { offset, sizeBytes, entries } = said;
  if (![offset, sizeBytes, entries].every(Number.isSafeInteger) || offset + sizeBytes > endOffset) return null;
  if (sizeBytes > MAX_DIRECTORY_BYTES || entries > MAX_ENTRIES) return "too_many_files";
  return { offset, sizeBytes };
};

/** Looks for one file in a directory that comes in pieces, cut anywhere. Of two with one name the first counts. */
export class DirectorySearch {
  state: "reading" | "found" | "broken" = "reading";
  member: ZipMember | null = null;
  readonly #names: readonly Uint8Array[];
  /** The beginning of an entry whose rest is yet to come: at most 46 bytes and three fields of 64 KiB. */
  #rest: Uint8Array = new Uint8Array();

  /** @param path with `/`, without one in front */
  constructor(path: string) {
    const encoder = new TextEncoder();
    this.#names = [encoder.encode(path), encoder.encode(`./${path}`)];
  }

  push(piece: Uint8Array): void {
    if (this.state !== "reading") return;
    const bytes = this.#rest.byteLength === 0 ? piece : joined(this.#rest, piece);
    const view = viewOf(bytes);
    let at = 0;
    while (at + ENTRY_BYTES <= bytes.byteLength) {
      if (view.getUint32(at, true) !== ENTRY) {
        this.state = "broken";
        return;
      }
      const nameBytes = view.getUint16(at + 28, true);
      const extraAt = at + ENTRY_BYTES + nameBytes;
      const extraBytes = view.getUint16(at + 30, true);
      const end = extraAt + extraBytes + view.getUint16(at + 32, true);
      if (end > bytes.byteLength) break;
      const name = bytes.subarray(at + ENTRY_BYTES, extraAt);
      if (this.#names.some((each) => isSame(each, name))) {
        this.member = memberAt(view, at, extraAt, extraBytes);
        this.state = this.member === null ? "broken" : "found";
        return;
      }
      at = end;
    }
    this.#rest = bytes.slice(at);
  }
}

const joined = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const both = new Uint8Array(a.byteLength + b.byteLength);
  both.set(a);
  both.set(b, a.byteLength);
  return both;
};

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.byteLength === b.byteLength && a.every((byte, index) => byte === b[index]);

/** Null when a number is missing that zip64 would have, or is none. */
const memberAt = (view: DataView, at: number, extraAt: number, extraBytes: number): ZipMember | null => {
  const wide = wideNumbers(view, extraAt, extraBytes);
  const number = (said: number): number => (said === ALL_ONES_32 ? (wide.shift() ?? NaN) : said);
  // In the order in which zip64 lists those that don't fit.
  const sizeBytes = number(view.getUint32(at + 24, true));
  const compressedBytes = number(view.getUint32(at + 20, true));
  const offset = number(view.getUint32(at + 42, true));
  if (![sizeBytes, compressedBytes, offset].every(Number.isSafeInteger)) return null;
  return {
    flags: view.getUint16(at + 8, true),
    method: view.getUint16(at + 10, true),
    sizeBytes,
    compressedBytes,
    offset,
  };
};

/** What the extra field of zip64 has. */
const wideNumbers = (view: DataView, extraAt: number, extraBytes: number): number[] => {
  const end = extraAt + extraBytes;
  for (let at = extraAt; at + 4 <= end;) {
    const id = view.getUint16(at, true);
    const next = at + 4 + view.getUint16(at + 2, true);
    if (next > end) return [];
    if (id === ZIP64_EXTRA)
      return Array.from({ length: (next - at - 4) >> 3 }, (_, index) => uint64(view, at + 4 + 8 * index));
    at = next;
  }
  return [];
};
