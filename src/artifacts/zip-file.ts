/**
 * One file out of an archive in R2: three short reads find it, the fourth streams it. The archive is never read as a whole,
 * and a file is inflated no faster than its reader reads.
 */
import { Readable } from "node:stream";
import { createInflateRaw } from "node:zlib";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import { DirectorySearch, findDirectory, TAIL_BYTES } from "./zip-directory.ts";
import type { ZipDirectory, ZipMember } from "./zip-directory.ts";

export interface UnpackedFile {
  readonly sizeBytes: number;
  /** Breaks off with an error when the archive has something else there than it says. */
  readonly body: ReadableStream<Uint8Array>;
}

/** A file larger than this is for whoever downloads the archive. */
const MAX_FILE_BYTES = 1024 * 1024 * 1024;

const LOCAL_HEADER = 0x04034b50;
const LOCAL_HEADER_BYTES = 30;
const ENCRYPTED = 1;
const STORED = 0;
const DEFLATED = 8;
/** Given to zlib at once: inflated a thousandfold, as much as can be, it is 2 MiB that wait to be read. */
const INPUT_BYTES = 2 * 1024;
const OUTPUT_BYTES = 64 * 1024;

const unreadable = (what: string) => refuse({ reason: "invalid", field: "artifacts", message: what });
const notFound = refuse({ reason: "not_found", what: "artifact" });

/**
 * The file at this path of the archive. Errors: `not_found` when the archive has none or is gone from storage; `invalid`
 * when the archive is no zip, or the file is in it in a way that can't be read here; `too_large`.
 */
export const openZipFile = async (
  bucket: R2Bucket,
  key: string,
  archiveBytes: number,
  path: string,
): Promise<Outcome<UnpackedFile>> => {
  const read = async (offset: number, length: number): Promise<ReadableStream<Uint8Array> | null> =>
    (await bucket.get(key, { range: { offset, length } }))?.body ?? null;
  const tailBytes = Math.min(TAIL_BYTES, archiveBytes);
  const tail = tailBytes === 0 ? null : await read(archiveBytes - tailBytes, tailBytes);
  if (tail === null) return notFound;
  const directory = findDirectory(await bytesOf(tail), archiveBytes);
  if (directory === null) return unreadable("archive is no zip");
  if (directory === "too_many_files") return unreadable("archive has too many files to find one");
  const member = await findMember(read, directory, path);
  if (!member.ok) return member;
  const refusal = unpackable(member.value);
  return refusal ?? unpack(read, directory, member.value);
};

type Read = (offset: number, length: number) => Promise<ReadableStream<Uint8Array> | null>;

const bytesOf = async (stream: ReadableStream<Uint8Array>): Promise<Uint8Array> =>
  new Uint8Array(await new Response(stream).arrayBuffer());

const findMember = async (
  read: Read,
  { offset, sizeBytes }: ZipDirectory,
  path: string,
): Promise<Outcome<ZipMember>> => {
  if (sizeBytes === 0) return notFound;
  const stream = await read(offset, sizeBytes);
  if (stream === null) return notFound;
  const search = new DirectorySearch(path);
  for await (const piece of stream) {
    search.push(piece);
    if (search.state !== "reading") break;
  }
  if (search.state === "broken") return unreadable("archive has a broken directory");
  return search.member === null ? notFound : accept(search.member);
};

const unpackable = ({ flags, method, sizeBytes }: ZipMember) => {
  if ((flags & ENCRYPTED) !== 0) return unreadable("archive has this file encrypted");
  if (method !== STORED && method !== DEFLATED) {
    return unreadable(`archive has this file compressed by method ${method}, of which only 0 and 8 are known here`);
  }
  return sizeBytes > MAX_FILE_BYTES ? refuse({ reason: "too_large", limitBytes: MAX_FILE_BYTES, sizeBytes }) : null;
};

const broken = unreadable("archive doesn't have this file where it says");

const unpack = async (read: Read, directory: ZipDirectory, member: ZipMember): Promise<Outcome<UnpackedFile>> => {
  const { offset, compressedBytes, sizeBytes, method } = member;
  // What a file takes is all before the directory.
  if (offset + LOCAL_HEADER_BYTES > directory.offset) return broken;
  const header = await read(offset, LOCAL_HEADER_BYTES);
  if (header === null) return notFound;
  const bytes = await bytesOf(header);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== LOCAL_HEADER) return broken;
  const dataOffset = offset + LOCAL_HEADER_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  if (dataOffset + compressedBytes > directory.offset) return broken;
  if (method === STORED && compressedBytes !== sizeBytes) return broken;
  if (compressedBytes === 0) return sizeBytes === 0 ? accept({ sizeBytes, body: emptyBody() }) : broken;
  const data = await read(dataOffset, compressedBytes);
  if (data === null) return notFound;
  const unpacked = method === STORED ? data : inflated(data);
  // It refuses to end before, and to go on after, the size that was said.
  return accept({ sizeBytes, body: unpacked.pipeThrough(new FixedLengthStream(sizeBytes)) });
};

const emptyBody = (): ReadableStream<Uint8Array> => new Blob([]).stream();

/** By Node's zlib: the runtime's own DecompressionStream inflates all that it is given, however little of it is read. */
const inflated = (compressed: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> => {
  const inflate = createInflateRaw({ chunkSize: OUTPUT_BYTES });
  const source = Readable.from(inPieces(compressed));
  source.on("error", (error) => inflate.destroy(error));
  inflate.on("close", () => source.destroy());
  const pieces = source.pipe(inflate)[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => void inflate.destroy(),
    },
    { highWaterMark: 0 },
  );
};

async function* inPieces(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.byteLength; at += INPUT_BYTES) yield chunk.subarray(at, at + INPUT_BYTES);
  }
}
