/**
 * A report with the whole log in it. As JSON, which is what runners send, the log is taken out while the body comes in: the
 * text, the parsed string and its bytes would not fit into an isolate side by side.
 */
import { JsonLogReader } from "../../core/trace/json-log.ts";
import { accept } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import { consumeBody } from "../../http/body.ts";
import type { Admission } from "../../http/body.ts";
import { GrowingBytes } from "../../http/growing-bytes.ts";
import { isJson, readParams } from "../../http/params.ts";
import type { Params } from "../../http/params.ts";

export interface ReportBody {
  readonly params: Params;
  /** The member `trace` as UTF-8; null when there is none. */
  readonly log: Uint8Array | null;
}

/** What a report has besides its log is small. */
const MAX_REST_BYTES = 1024 * 1024;

/** Refusals as those of `readParams`. A `trace` that is no text stays in `params`, for the schema to refuse. */
export const readReport = async (
  request: Request,
  limitBytes: number,
  admit: Admission,
): Promise<Outcome<ReportBody>> => {
  if (!isJson(request)) {
    const params = await readParams(request, limitBytes, admit);
    return params.ok ? accept({ params: params.value, log: textOf(params.value) }) : params;
  }
  const bytes = new GrowingBytes();
  const reader = new JsonLogReader("trace", (piece) => void bytes.append(piece));
  const sink = (piece: Uint8Array) => {
    reader.push(piece);
    const sizeBytes = reader.restBytes;
    return sizeBytes > MAX_REST_BYTES ? { reason: "too_large" as const, limitBytes: MAX_REST_BYTES, sizeBytes } : null;
  };
  const read = await consumeBody(request, limitBytes, sink, admit);
  if (!read.ok) return read;
  const { url, method } = request;
  const headers = { "Content-Type": "application/json" };
  const rest = new Request(url, { method, headers, body: new Uint8Array(reader.rest()) });
  const params = await readParams(rest, MAX_REST_BYTES);
  if (!params.ok) return params;
  return accept({ params: params.value, log: textOf(params.value) === null ? null : bytes.take() });
};

const textOf = ({ trace }: Params): Uint8Array | null =>
  typeof trace === "string" ? new TextEncoder().encode(trace) : null;
