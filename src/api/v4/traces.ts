/** A job's log: as it is now, a part of it, or as it grows. Bytes, never text. */
import * as v from "valibot";
import { parseRange } from "../../core/byte-range.ts";
import { accept } from "../../core/refusal.ts";
import type { ConsumerHandler } from "./handler.ts";
import { looseBoolean } from "../../http/loose.ts";
import { followTrace, openTrace } from "../../verbs/traces.ts";
import type { OpenTrace } from "../../verbs/traces.ts";
import { readForm } from "./form.ts";
import { withJob } from "./targets.ts";

/** A proxy that compresses or buffers would hand the log on when it is over; nginx asks for a header of its own. */
const UNBUFFERED = {
  "Content-Encoding": "identity",
  "Cache-Control": "no-cache, no-transform",
  "X-Accel-Buffering": "no",
};

const traceForm = v.object({ follow: v.optional(looseBoolean, false) });

export const showTrace: ConsumerHandler = withJob(async (context, { id }) => {
  const form = await readForm(context, traceForm);
  if (!form.ok) return form;
  const headers = {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Disposition": `inline; filename="${id}.log"`,
    "X-Content-Type-Options": "nosniff",
  };
  if (form.value.follow) {
    return accept(new Response(followTrace(context.env, id), { headers: { ...headers, ...UNBUFFERED } }));
  }
  const trace = await openTrace(context.env, id);
  return trace.ok ? accept(traceResponse(trace.value, context.req.header("Range"), headers)) : trace;
});

/** All of it, or the part that a `Range` asks for. */
const traceResponse = (
  { lengthBytes, read }: OpenTrace,
  rangeHeader: string | undefined,
  headers: Record<string, string>,
): Response => {
  const range = parseRange(rangeHeader, lengthBytes);
  if (range.kind === "unsatisfiable") {
    return new Response(null, { status: 416, headers: { "Content-Range": `bytes */${lengthBytes}` } });
  }
  if (range.kind === "whole") {
    return new Response(read(0, lengthBytes), { headers: { ...headers, "Accept-Ranges": "bytes" } });
  }
  const end = range.offset + range.length;
  const contentRange = `bytes ${range.offset}-${end - 1}/${lengthBytes}`;
  return new Response(read(range.offset, end), { status: 206, headers: { ...headers, "Content-Range": contentRange } });
};
