import { createHash } from "node:crypto";

/** A part of a form as it is written on the wire; `filename` makes it a file. */
export interface Part {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly filename?: string;
}

export const BOUNDARY = "6841b503debb8e81";
export const CONTENT_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export const concat = (...pieces: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces));

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Written as Go's mime/multipart writes it. */
export const form = (...parts: readonly Part[]): Uint8Array => {
  const pieces: Uint8Array[] = [];
  for (const part of parts) {
    const file =
      part.filename === undefined ? "" : `; filename="${part.filename}"\r\nContent-Type: application/octet-stream`;
    const lead = pieces.length === 0 ? "" : "\r\n";
    pieces.push(bytesOf(`${lead}--${BOUNDARY}\r\nContent-Disposition: form-data; name="${part.name}"${file}\r\n\r\n`));
    pieces.push(typeof part.content === "string" ? bytesOf(part.content) : part.content);
  }
  return concat(...pieces, bytesOf(`\r\n--${BOUNDARY}--\r\n`));
};

/** A body that comes in the given pieces, each in memory of its own as a network's would be. */
export const inPieces = (pieces: Iterable<Uint8Array>): ReadableStream<Uint8Array> => {
  const iterator = pieces[Symbol.iterator]();
  return new ReadableStream({
    pull(controller) {
      const { done, value } = iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(Uint8Array.from(value));
    },
  });
};

/** Pieces whose sizes `nextSize` names, one after the other. */
export function* split(bytes: Uint8Array, nextSize: () => number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength;) {
    const size = nextSize();
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** Numbers in [0, 1), the same ones for the same seed (mulberry32). */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** Bytes that don't repeat with the part size. */
export const noise = (length: number, seed = 1): Uint8Array => {
  const words = new Uint32Array(Math.ceil(length / 4));
  let word = seed;
  for (let at = 0; at < words.length; at++) words[at] = word = (Math.imul(word, 1664525) + 1013904223) | 0;
  return new Uint8Array(words.buffer, 0, length);
};
