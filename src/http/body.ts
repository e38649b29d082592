/** A request's body, collected. */
import { accept, refuse, type Outcome } from "../core/refusal.ts";
import { BodyReader } from "./body-reader.ts";
import { GrowingBytes } from "./growing-bytes.ts";

/** Decides by the beginning of a large body whether its sender may have so much of our memory. */
export type Admission = (beginning: Uint8Array) => Promise<Outcome<unknown>>;

/** A body up to here is nobody's business but the parser's: what runners say beside logs and files is smaller. */
export const ADMISSION_BYTES = 64 * 1024;

/** What the runtime may collect by itself, from those who are known. */
const WHOLE_BYTES = 1024 * 1024;

/**
 * Reads a request's body of at most `limitBytes`; without one it is empty. With `admit`, a body of more than 64 KiB is read
 * on only if that accepts its beginning.
 *
 * Refusals: `too_large`, what `admit` refuses with, and `malformed_body` when the client vanishes on the way. What is refused
 * has been read to its end, within bounds; a body that declares to be beyond them isn't read at all.
 */
export const readBody = async (
  request: Request,
  limitBytes: number,
  admit: Admission | null = null,
): Promise<Outcome<Uint8Array<ArrayBuffer>>> => {
  const declaredBytes = Number(request.headers.get("Content-Length"));
  // Most bodies are small and say so: those the runtime collects by itself, at half the price.
  const wholeBytes = admit === null ? WHOLE_BYTES : ADMISSION_BYTES;
  if (declaredBytes > 0 && declaredBytes <= Math.min(limitBytes, wholeBytes)) return readWhole(request, limitBytes);
  const body = new BodyReader(request, limitBytes);
  const bytes = new GrowingBytes(limitBytes);
  let isAdmitted = admit === null;
  for (;;) {
    const read = await body.read();
    if (!read.ok) return read;
    if (read.value === null) return accept(bytes.take());
    bytes.append(read.value);
    if (isAdmitted || bytes.size <= ADMISSION_BYTES) continue;
    const admission = (await admit?.(bytes.beginning(ADMISSION_BYTES))) ?? accept(null);
    if (!admission.ok) {
      await body.drain();
      return admission;
    }
    isAdmitted = true;
  }
};

const readWhole = async (request: Request, limitBytes: number): Promise<Outcome<Uint8Array<ArrayBuffer>>> => {
  try {
    const bytes = new Uint8Array(await request.arrayBuffer());
    const sizeBytes = bytes.byteLength;
    return sizeBytes > limitBytes ? refuse({ reason: "too_large", limitBytes, sizeBytes }) : accept(bytes);
  } catch {
    return refuse({ reason: "malformed_body", message: "the body ended early" });
  }
};
