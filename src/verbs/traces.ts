/** A build's trace: as it is now, or as it grows. Bytes, never text. */
import type { TracePiece } from "../builds/reader.ts";
import { accept } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import { buildStub } from "../stubs.ts";
import { isOverload } from "./call.ts";

/** What one call brings at most. */
const PIECE_BYTES = 1024 * 1024;
/** A follower's call waits so long for more: long enough to be cheap, short enough that nothing on the way gives up. */
const FOLLOW_WAIT_MS = 20_000;
/** Consecutive failures, after which the reader is told; with the pauses between them some three seconds. */
const MAX_FAILURES = 5;
const FIRST_PAUSE_MS = 100;

export interface OpenTrace {
  readonly lengthBytes: number;
  /** The bytes from `offset` to `end`. A stream breaks off with an error when they are removed meanwhile. */
  readonly read: (offset: number, end: number) => Uint8Array | ReadableStream<Uint8Array>;
}

/** What there is now. Errors: `not_found`. */
export const openTrace = async (env: Env, id: number): Promise<Outcome<OpenTrace>> => {
  const first = await readPiece(env, id, 0, 0);
  if (!first.ok) return first;
  const { bytes, lengthBytes } = first.value;
  // Most traces are short: the piece that tells the length has them as a whole.
  const read: OpenTrace["read"] = (offset, end) =>
    end <= bytes.length ? bytes.subarray(offset, end) : readPieces(env, id, offset, end);
  return accept({ lengthBytes, read });
};

/**
 * The trace from `offset` on until its build has ended, as fast as it grows and no faster than it is read. The local server
 * notices that a viewer has left only when it can't send the next bytes; the build's own deadlines bound the wait for them.
 */
export const followTrace = (env: Env, id: number, offset = 0): ReadableStream<Uint8Array> =>
  pulled(offset, async (at, isRead) => {
    while (isRead()) {
      const piece = await readPiece(env, id, at, FOLLOW_WAIT_MS);
      if (!piece.ok) return null;
      if (piece.value.bytes.length > 0) return piece.value.bytes;
      if (piece.value.finished) return null;
    }
    return null;
  });

const readPieces = (env: Env, id: number, offset: number, end: number): ReadableStream<Uint8Array> =>
  pulled(offset, async (at) => {
    if (at >= end) return null;
    const piece = await readPiece(env, id, at, 0);
    if (!piece.ok || piece.value.bytes.length === 0) throw new Error(`the trace of build ${id} was removed`);
    return piece.value.bytes.subarray(0, end - at);
  });

/** `next` brings what follows at an offset, null at the end. It is asked only when somebody reads: a HEAD never does. */
const pulled = (
  offset: number,
  next: (offset: number, isRead: () => boolean) => Promise<Uint8Array | null>,
): ReadableStream<Uint8Array> => {
  let at = offset;
  let isRead = true;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const bytes = await next(at, () => isRead);
        if (!isRead) return;
        if (bytes === null) return controller.close();
        at += bytes.length;
        controller.enqueue(bytes);
      },
      cancel: () => {
        isRead = false;
      },
    },
    { highWaterMark: 0 },
  );
};

/**
 * Reads where it left off, with a fresh stub when one breaks: a deploy or an eviction cuts off held calls, with errors
 * that don't always say that they may be repeated. Reading again does no harm.
 */
const readPiece = async (env: Env, id: number, offset: number, waitMs: number): Promise<Outcome<TracePiece>> => {
  for (let failures = 0; ; failures++) {
    try {
      return await buildStub(env, id).readTrace(offset, PIECE_BYTES, waitMs);
    } catch (error) {
      if (isOverload(error) || failures === MAX_FAILURES) throw error;
    }
    await scheduler.wait(FIRST_PAUSE_MS * 2 ** failures);
  }
};
