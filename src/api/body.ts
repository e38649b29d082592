import { accept, refuse, type Outcome } from "../core/refusal.ts";

/**
 * How much of a body that is too large is still read, and for how long, before it is refused: an answer in the middle
 * of an upload kills the local server and hides the 413 from Go clients. Beyond either bound the upload is cut off.
 */
const DRAIN_BYTES = 64 * 1024 * 1024;
const DRAIN_MS = 60_000;

type BodyReader = ReadableStreamDefaultReader<Uint8Array>;

/** Bytes that grow by doubling: neither tiny pieces nor a false Content-Length can make them cost more than they hold. */
class GrowingBytes {
  #buffer = new ArrayBuffer(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  append(piece: Uint8Array): void {
    const needed = this.#size + piece.byteLength;
    if (needed > this.#buffer.byteLength) {
      this.#buffer = this.#buffer.transfer(Math.max(needed, this.#buffer.byteLength * 2));
    }
    new Uint8Array(this.#buffer).set(piece, this.#size);
    this.#size = needed;
  }

  /** What has come so far; good until the next `append`. */
  peek(): Uint8Array {
    return new Uint8Array(this.#buffer, 0, this.#size);
  }

  /** Lets go of what was collected, while the reading goes on. */
  clear(): void {
    this.#buffer = new ArrayBuffer(0);
    this.#size = 0;
  }

  /** The bytes in a buffer of their own size, since a view of a larger one would be sent whole over RPC. Ends the use. */
  take(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer.transfer(this.#size));
  }
}

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

/** A body up to here is nobody's business but the parser's. */
const ADMISSION_BYTES = 1024 * 1024;

/**
 * Reads a request's body of at most `limitBytes`; a request without one has zero bytes. With `admit`, a body of more than
 * 1 MiB is collected only if that accepts its beginning.
 *
 * Refusals: `too_large`, by Content-Length before a byte is read, else after the whole body was read and dropped (within
 * bounds), as also after what `admit` refuses with; `malformed_body` when the client vanishes on the way.
 */
export const readBody = async (
  request: Request,
  limitBytes: number,
  admit: Admission | null = null,
): Promise<Outcome<Uint8Array<ArrayBuffer>>> => {
  const declaredBytes = Number(request.headers.get("Content-Length"));
  if (declaredBytes > limitBytes) return refuse({ reason: "too_large", limitBytes, sizeBytes: declaredBytes });
  const bytes = new GrowingBytes();
  if (request.body === null) return accept(bytes.take());

  const reader: BodyReader = request.body.getReader();
  let admitted = admit === null;
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      const sizeBytes = bytes.size + piece.value.byteLength;
      if (sizeBytes > limitBytes) {
        bytes.clear();
        return refuse({ reason: "too_large", limitBytes, sizeBytes: await drain(reader, sizeBytes, limitBytes) });
      }
      bytes.append(piece.value);
      if (admit !== null && !admitted && sizeBytes > ADMISSION_BYTES) {
        const admission = await admit(bytes.peek());
        if (!admission.ok) {
          bytes.clear();
          await drain(reader, sizeBytes, limitBytes);
          return admission;
        }
        admitted = true;
      }
    }
  } catch {
    return refuse({ reason: "malformed_body", message: "the body ended early" });
  }
  return accept(bytes.take());
};
