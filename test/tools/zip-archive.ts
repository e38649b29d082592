/** Zip archives as other programs write them, and as nobody should: for tests of what reads them. */
import { crc32, deflateRawSync } from "node:zlib";

export interface ArchiveFile {
  readonly name: string;
  readonly content: string | Uint8Array;
  /** 0 stored, 8 deflated. */
  readonly method?: number;
  readonly flags?: number;
  /** Its numbers are in the extra field of zip64. */
  readonly isWide?: boolean;
  /** What the directory says instead of the truth. */
  readonly said?: { readonly sizeBytes?: number; readonly compressedBytes?: number; readonly offset?: number };
}

export interface ArchiveOptions {
  /** The end is told by the records of zip64. */
  readonly isWide?: boolean;
  readonly comment?: string;
  /** What the end record says instead of the truth. */
  readonly said?: { readonly offset?: number; readonly sizeBytes?: number; readonly entries?: number };
}

const ALL_ONES = 0xffffffff;

const packed = ({ content, method = 8 }: ArchiveFile): Uint8Array => {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return method === 8 ? deflateRawSync(bytes) : bytes;
};

const sizeOf = ({ content }: ArchiveFile): number => Buffer.byteLength(content);

const local = (file: ArchiveFile, data: Uint8Array): Buffer => {
  const name = Buffer.from(file.name);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(file.flags ?? 0, 6);
  header.writeUInt16LE(file.method ?? 8, 8);
  header.writeUInt16LE(name.length, 26);
  // A field that the directory's entry doesn't have, as many programs write.
  const extra = Buffer.from([0x55, 0x54, 1, 0, 0]);
  header.writeUInt16LE(extra.length, 28);
  return Buffer.concat([header, name, extra, data]);
};

const wideExtra = (...numbers: readonly number[]): Buffer => {
  const extra = Buffer.alloc(4 + 8 * numbers.length);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(8 * numbers.length, 2);
  numbers.forEach((number, index) => extra.writeBigUInt64LE(BigInt(number), 4 + 8 * index));
  return extra;
};

const entry = (file: ArchiveFile, data: Uint8Array, at: number): Buffer => {
  const name = Buffer.from(file.name);
  const { sizeBytes = sizeOf(file), compressedBytes = data.byteLength, offset = at } = file.said ?? {};
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(file.flags ?? 0, 8);
  header.writeUInt16LE(file.method ?? 8, 10);
  header.writeUInt32LE(crc32(file.content), 16);
  header.writeUInt32LE(file.isWide === true ? ALL_ONES : compressedBytes, 20);
  header.writeUInt32LE(file.isWide === true ? ALL_ONES : sizeBytes, 24);
  header.writeUInt32LE(file.isWide === true ? ALL_ONES : offset, 42);
  const other = Buffer.from([0x55, 0x54, 1, 0, 0]);
  const extra = file.isWide === true ? Buffer.concat([other, wideExtra(sizeBytes, compressedBytes, offset)]) : other;
  const comment = Buffer.from("a comment");
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt16LE(comment.length, 32);
  return Buffer.concat([header, name, extra, comment]);
};

const wideEnd = (entries: number, sizeBytes: number, offset: number, at: number): Buffer => {
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(BigInt(entries), 24);
  record.writeBigUInt64LE(BigInt(entries), 32);
  record.writeBigUInt64LE(BigInt(sizeBytes), 40);
  record.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(at), 8);
  return Buffer.concat([record, locator]);
};

export const archiveOf = (files: readonly ArchiveFile[], options: ArchiveOptions = {}): Uint8Array => {
  const datas = files.map(packed);
  const locals = files.map((file, index) => local(file, datas[index] ?? Buffer.alloc(0)));
  let at = 0;
  const offsets = locals.map((each) => (at += each.length) - each.length);
  const directory = Buffer.concat(
    files.map((file, index) => entry(file, datas[index] ?? Buffer.alloc(0), offsets[index] ?? 0)),
  );
  const { offset = at, sizeBytes = directory.length, entries = files.length } = options.said ?? {};
  const comment = Buffer.from(options.comment ?? "");
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(options.isWide === true ? 0xffff : entries, 8);
  end.writeUInt16LE(options.isWide === true ? 0xffff : entries, 10);
  end.writeUInt32LE(options.isWide === true ? ALL_ONES : sizeBytes, 12);
  end.writeUInt32LE(options.isWide === true ? ALL_ONES : offset, 16);
  end.writeUInt16LE(comment.length, 20);
  const wide = options.isWide === true ? wideEnd(entries, sizeBytes, offset, at + directory.length) : Buffer.alloc(0);
  return new Uint8Array(Buffer.concat([...locals, directory, wide, end, comment]));
};
