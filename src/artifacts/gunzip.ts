import { crc32, inflateRawSync } from "node:zlib";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";

const FLAG = { headerCrc: 2, extra: 4, name: 8, comment: 16 } as const;
const DEFLATE = 8;
const FIXED_HEADER_BYTES = 10;
const TRAILER_BYTES = 8;

/** What `info: true` brings, which the types of Node don't tell. */
interface Inflated {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

/**
 * The files of a gzip report (RFC 1952): a runner sends each file that matches as a member of its own, one after another.
 * `gunzipSync` would read them all too, but join the last line of one with the first of the next where a file lacks its
 * final newline. Errors: `malformed_body`; `too_large`, before more than `limitBytes` are inflated in all.
 */
export const gunzipMembers = (compressed: Uint8Array, limitBytes: number): Outcome<Uint8Array[]> => {
  const members: Uint8Array[] = [];
  let leftBytes = limitBytes;
  for (let at = 0; at < compressed.length;) {
    const start = endOfHeader(compressed, at);
    if (start === null) return malformed;
    const member = inflate(compressed.subarray(start), leftBytes);
    if (member === "malformed") return malformed;
    if (member === "too_large") return refuse({ reason: "too_large", limitBytes, sizeBytes: limitBytes + 1 });
    const trailer = start + member.engine.bytesWritten;
    if (!isTrailerOf(member.buffer, compressed.subarray(trailer, trailer + TRAILER_BYTES))) return malformed;
    members.push(member.buffer);
    leftBytes -= member.buffer.length;
    at = trailer + TRAILER_BYTES;
  }
  return members.length > 0 ? accept(members) : malformed;
};

const malformed = refuse({ reason: "malformed_body", message: "is not gzip" });

const inflate = (deflated: Uint8Array, limitBytes: number): Inflated | "malformed" | "too_large" => {
  try {
    // One more, since zlib takes no limit of 0.
    const options = { info: true, maxOutputLength: limitBytes + 1 };
    const inflated = inflateRawSync(deflated, options) as unknown as Inflated;
    return inflated.buffer.length > limitBytes ? "too_large" : inflated;
  } catch (error) {
    return error instanceof RangeError ? "too_large" : "malformed";
  }
};

/** Where the deflated bytes of the member begin that begins at `at`; null when that is none. */
const endOfHeader = (bytes: Uint8Array, at: number): number | null => {
  const flags = bytes[at + 3] ?? 0;
  if (bytes[at] !== 0x1f || bytes[at + 1] !== 0x8b || bytes[at + 2] !== DEFLATE) return null;
  let end = at + FIXED_HEADER_BYTES;
  if (flags & FLAG.extra) end += 2 + (bytes[end] ?? 0) + 256 * (bytes[end + 1] ?? 0);
  for (const flag of [FLAG.name, FLAG.comment]) {
    if (!(flags & flag)) continue;
    const zero = bytes.indexOf(0, end);
    if (zero < 0) return null;
    end = zero + 1;
  }
  return flags & FLAG.headerCrc ? end + 2 : end;
};

const isTrailerOf = (content: Uint8Array, trailer: Uint8Array): boolean => {
  if (trailer.length < TRAILER_BYTES) return false;
  const view = new DataView(trailer.buffer, trailer.byteOffset, TRAILER_BYTES);
  return view.getUint32(0, true) === crc32(content) && view.getUint32(4, true) === content.length;
};
