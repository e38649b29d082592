/** A job's log: as it is now, a part of it, or as it grows. Bytes, never text. */
import * as v from "valibot";
import type { TracePiece } from "../../builds/reader.ts";
import { parseRange } from "../../core/byte-range.ts";
import { accept } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import { buildStub } from "../../stubs.ts";
import { isOverload } from "../../verbs/call.ts";
import { looseBoolean } from "../../http/loose.ts";
import { readForm } from "./form.ts";
import type { Handler } from "../../http/front.ts";
import { withJob } from "./targets.ts";

/** What one call brings at most. */
const PIECE_BYTES = 1024 * 1024;
/** A follower's call waits so long for more: long enough to be cheap, short enough that nothing on the way gives up. */
const FOLLOW_WAIT_MS = 20_000;
/** Consecutive failures, after which the reader is told; with the pauses between them some three seconds. */
const MAX_FAILURES = 5;
const FIRST_PAUSE_MS = 100;

/** What compresses on the way also collects: the log would come when it is over. */
const UNCOMPRESSED = { "Content-Encoding": "identity", "Cache-Control": "no-store, no-transform" };

const traceForm = v.object({ follow: v.optional(looseBoolean, false) });

export const showTrace: Handler = withJob(async (context, { id }) => {
  const form = await readForm(context, traceForm);
  if (!form.ok) return form;
  const headers = {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Disposition": `inline; filename="${id}.log"`,
    "X-Content-Type-Options": "nosniff",
  };
  if (form.value.follow) {
    return accept(new Response(followTrace(context.env, id), { headers: { ...headers, ...UNCOMPRESSED } }));
  }
  return traceResponse(context.env, id, context.req.header("Range"), headers);
});

/** What there is now, or the part of it that a `Range` asks for. */
const traceResponse = async (
  env: Env,
  id: number,
  rangeHeader: string | undefined,
  headers: Record<string, string>,
): Promise<Outcome<Response>> => {
  const first = await readPiece(env, id, 0, 0);
  if (!first.ok) return first;
  const { bytes, lengthBytes } = first.value;
  const range = parseRange(rangeHeader, lengthBytes);
  if (range.kind === "unsatisfiable") {
    return accept(new Response(null, { status: 416, headers: { "Content-Range": `bytes */${lengthBytes}` } }));
  }
  const { offset, length } = range.kind === "part" ? range : { offset: 0, length: lengthBytes };
  const end = offset + length;
  const body = end <= bytes.length ? bytes.subarray(offset, end) : readTrace(env, id, offset, end);
  if (range.kind === "whole") return accept(new Response(body, { headers: { ...headers, "Accept-Ranges": "bytes" } }));
  const contentRange = `bytes ${offset}-${end - 1}/${lengthBytes}`;
  return accept(new Response(body, { status: 206, headers: { ...headers, "Content-Range": contentRange } }));
};

/** The bytes from `offset` to `end`; breaks off with an error when they are removed meanwhile. */
const readTrace = (env: Env, id: number, offset: number, end: number): ReadableStream<Uint8Array> =>
  pulled(offset, async (at) => {
    if (at >= end) return null;
    const piece = await readPiece(env, id, at, 0);
    if (!piece.ok || piece.value.bytes.length === 0) throw new Error(`the trace of build ${id} was removed`);
    return piece.value.bytes.subarray(0, end - at);
  });

/**
 * The log from its beginning until its build has ended, as fast as it grows and no faster than it is read. The local server
 * notices that a viewer has left only when it can't send the next bytes; the build's own deadlines bound the wait for them.
 */
const followTrace = (env: Env, id: number): ReadableStream<Uint8Array> =>
  pulled(0, async (at, isRead) => {
    while (isRead()) {
      const piece = await readPiece(env, id, at, FOLLOW_WAIT_MS);
      if (!piece.ok) return null;
      if (piece.value.bytes.length > 0) return piece.value.bytes;
      if (piece.value.finished) return null;
    }
    return null;
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
