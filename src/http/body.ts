import { accept, refuse, type Outcome, type Refusal } from "../core/refusal.ts";
import { GrowingBytes } from "./growing-bytes.ts";

/**
 * How much of a body that is too large is still read, and for how long, before it is refused: an answer in the middle
 * of an upload is lost on many clients, which see the connection break. Beyond either bound the upload is cut off.
 */
const DRAIN_BYTES = 64 * 1024 * 1024;
const DRAIN_MS = 60_000;

type BodyReader = ReadableStreamDefaultReader<Uint8Array>;

/** Reads on without keeping anything; answers how many bytes were seen in all. A client that vanishes is no news here. */
const drain = async (reader: BodyReader, seenBytes: number, limitBytes: number): Promise<number> => {
  let sizeBytes = seenBytes;
  const cutOff = () => void reader.cancel("body too large").catch(() => {});
  const timer = setTimeout(cutOff, DRAIN_MS);
  try {
    while (sizeBytes <= limitBytes + DRAIN_BYTES) {
      const piece = await reader.read();
      if (piece.done) return sizeBytes;
      sizeBytes += piece.value.byteLength;
    }
    cutOff();
    return sizeBytes;
  } catch {
    // The runtime's own streams reject a read that is waiting when the timer cancels them; others end it.
    return sizeBytes;
  } finally {
    clearTimeout(timer);
  }
};

/** Decides by the beginning of a large body whether its sender may have so much of our memory. */
export type Admission = (beginning: Uint8Array) => Promise<Outcome<unknown>>;

/** A body up to here is nobody's business but the parser's: what runners say beside logs and files is smaller. */
export const ADMISSION_BYTES = 64 * 1024;

/** What the runtime may collect by itself, from those who are known. */
const WHOLE_BYTES = 1024 * 1024;

/** Where a body goes, piece by piece. Answers a refusal to have no more of it. */
export type BodySink = (piece: Uint8Array) => Refusal | null;

/**
 * Reads a request's body of at most `limitBytes` into `sink`; a request without one has no pieces. With `admit`, a body of
 * more than 64 KiB goes on only if that accepts its beginning.
 *
 * Refusals: `too_large`, what `admit` or `sink` refuses with, and `malformed_body` when the client vanishes on the way. What
 * is refused has been read to its end, within bounds; a body that declares to be beyond them isn't read at all.
 */
export const consumeBody = async (
  request: Request,
  limitBytes: number,
  sink: BodySink,
  admit: Admission | null = null,
): Promise<Outcome<null>> => {
  const declaredBytes = Number(request.headers.get("Content-Length"));
  const beyond: Refusal = { reason: "too_large", limitBytes, sizeBytes: declaredBytes };
  if (declaredBytes > limitBytes + DRAIN_BYTES) return refuse(beyond);
  if (request.body === null) return declaredBytes > limitBytes ? refuse(beyond) : accept(null);
  const reader: BodyReader = request.body.getReader();
  if (declaredBytes > limitBytes) {
    await drain(reader, 0, limitBytes);
    return refuse(beyond);
  }
  let sizeBytes = 0;
  // Kept apart from what the sink makes of it, and let go of as soon as it has been judged.
  let beginning = admit === null ? null : new GrowingBytes();
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      sizeBytes += piece.value.byteLength;
      if (sizeBytes > limitBytes) {
        return refuse({ ...beyond, sizeBytes: await drain(reader, sizeBytes, limitBytes) });
      }
      beginning?.append(piece.value);
      if (admit !== null && beginning !== null && sizeBytes > ADMISSION_BYTES) {
        const admission = await admit(beginning.take().subarray(0, ADMISSION_BYTES));
        beginning = null;
        if (!admission.ok) {
          await drain(reader, sizeBytes, limitBytes);
          return admission;
        }
      }
      const refusal = sink(piece.value);
      if (refusal !== null) {
        await drain(reader, sizeBytes, limitBytes);
        return refuse(refusal);
      }
    }
  } catch {
    return refuse(endedEarly);
  }
  return accept(null);
};

/** The same, collected. */
export const readBody = async (
  request: Request,
  limitBytes: number,
  admit: Admission | null = null,
): Promise<Outcome<Uint8Array<ArrayBuffer>>> => {
  const declaredBytes = Number(request.headers.get("Content-Length"));
  // Most bodies are small and say so: those the runtime collects by itself, at half the price.
  const wholeBytes = admit === null ? WHOLE_BYTES : ADMISSION_BYTES;
  if (declaredBytes > 0 && declaredBytes <= Math.min(limitBytes, wholeBytes)) return readWhole(request, limitBytes);
  const bytes = new GrowingBytes();
  const read = await consumeBody(request, limitBytes, (piece) => bytes.append(piece), admit);
  return read.ok ? accept(bytes.take()) : read;
};

const readWhole = async (request: Request, limitBytes: number): Promise<Outcome<Uint8Array<ArrayBuffer>>> => {
  try {
    const bytes = new Uint8Array(await request.arrayBuffer());
    const sizeBytes = bytes.byteLength;
    return sizeBytes > limitBytes ? refuse({ reason: "too_large", limitBytes, sizeBytes }) : accept(bytes);
  } catch {
    return refuse(endedEarly);
  }
};

const endedEarly: Refusal = { reason: "malformed_body", message: "the body ended early" };
