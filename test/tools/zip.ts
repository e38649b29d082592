/** Just enough of the zip format for a runner of our own: files are stored as they are; deflated ones can be read. */
import { crc32, inflateRawSync } from "node:zlib";

export interface ZipEntry {
  /** Path inside the archive, with `/`. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const CENTRAL_SIZE = 46;
const END_SIZE = 22;
const UTF8_NAMES = 0x0800;
/** 1 January 1980, the first day that the format knows. */
const DOS_DATE = 0x0021;

/** The fields that local and central headers share, from "version needed" to the length of the name. */
const sharedFields = (name: Buffer, bytes: Uint8Array): Buffer => {
  const fields = Buffer.alloc(24);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(UTF8_NAMES, 2);
  fields.writeUInt16LE(DOS_DATE, 8);
  fields.writeUInt32LE(crc32(bytes), 10);
  fields.writeUInt32LE(bytes.byteLength, 14);
  fields.writeUInt32LE(bytes.byteLength, 18);
  fields.writeUInt16LE(name.byteLength, 22);
  return fields;
};

const localHeader = (name: Buffer, bytes: Uint8Array): Buffer => {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(LOCAL, 0);
  sharedFields(name, bytes).copy(header, 4);
  return Buffer.concat([header, name]);
};

const centralHeader = (name: Buffer, bytes: Uint8Array, offset: number): Buffer => {
  const header = Buffer.alloc(CENTRAL_SIZE);
  header.writeUInt32LE(CENTRAL, 0);
  header.writeUInt16LE(20, 4);
  sharedFields(name, bytes).copy(header, 6);
  header.writeUInt32LE(offset, 42);
  return Buffer.concat([header, name]);
};

const endRecord = (entries: number, size: number, offset: number): Buffer => {
  const record = Buffer.alloc(END_SIZE);
  record.writeUInt32LE(END, 0);
  record.writeUInt16LE(entries, 8);
  record.writeUInt16LE(entries, 10);
  record.writeUInt32LE(size, 12);
  record.writeUInt32LE(offset, 16);
  return record;
};

/** The archive of these files in pieces, one file at a time: at most 65,535 files and 4 GiB. */
export async function* zipPieces(
  entries: Iterable<ZipEntry> | AsyncIterable<ZipEntry>,
): AsyncGenerator<Uint8Array, void> {
  const directory: Buffer[] = [];
  let offset = 0;
  for await (const entry of entries) {
    const name = Buffer.from(entry.name);
    directory.push(centralHeader(name, entry.bytes, offset));
    const header = localHeader(name, entry.bytes);
    yield header;
    yield entry.bytes;
    offset += header.byteLength + entry.bytes.byteLength;
  }
  const central = Buffer.concat(directory);
  yield central;
  yield endRecord(directory.length, central.byteLength, offset);
}

interface CentralRecord {
  readonly name: string;
  readonly size: number;
  readonly compressedSize: number;
  readonly deflated: boolean;
  readonly offset: number;
}

const centralDirectory = (zip: Buffer): CentralRecord[] => {
  const signature = Buffer.alloc(4);
  signature.writeUInt32LE(END);
  const end = zip.lastIndexOf(signature);
  if (end < 0) throw new Error("these bytes are not a zip archive");
  const records: CentralRecord[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    if (zip.readUInt32LE(at) !== CENTRAL) throw new Error("the zip archive's directory is damaged");
    const nameLength = zip.readUInt16LE(at + 28);
    records.push({
      name: zip.toString("utf8", at + CENTRAL_SIZE, at + CENTRAL_SIZE + nameLength),
      size: zip.readUInt32LE(at + 24),
      compressedSize: zip.readUInt32LE(at + 20),
      deflated: zip.readUInt16LE(at + 10) === 8,
      offset: zip.readUInt32LE(at + 42),
    });
    at += CENTRAL_SIZE + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return records;
};

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Names and sizes (bytes, unpacked), read from the archive's directory. Throws when it isn't an archive. */
export const listZip = (bytes: Uint8Array): { name: string; size: number }[] =>
  centralDirectory(asBuffer(bytes)).map(({ name, size }) => ({ name, size }));

/** The files of an archive; its folders are left out. Throws when it isn't an archive or a file of it is damaged. */
export const readZip = (bytes: Uint8Array): ZipEntry[] => {
  const zip = asBuffer(bytes);
  return centralDirectory(zip).flatMap((record) => {
    if (record.name.endsWith("/")) return [];
    const from = record.offset + 30 + zip.readUInt16LE(record.offset + 26) + zip.readUInt16LE(record.offset + 28);
    const packed = zip.subarray(from, from + record.compressedSize);
    return [{ name: record.name, bytes: record.deflated ? inflateRawSync(packed) : packed }];
  });
};
