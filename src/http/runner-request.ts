/** What both runner dialects read of a request in the same way, and how both answer a patch. */
import type * as v from "valibot";
import type { Outcome } from "../core/refusal.ts";
import { admitKnown } from "./admission.ts";
import type { FrontContext } from "./front.ts";
import { parseId } from "./ids.ts";
import { validate } from "./loose.ts";
import { readParams } from "./params.ts";
import { concerns } from "./request-log.ts";

export const MAX_PARAMS_BYTES = 1024 * 1024;

/** Runner 1.11.5 sends all that is unsent at once. */
export const MAX_PATCH_BYTES = 16 * 1024 * 1024;

/** The parameters of a request, from wherever they come, as the schema reads them. */
export const ask = async <Schema extends v.GenericSchema>(
  context: FrontContext,
  schema: Schema,
): Promise<Outcome<v.InferOutput<Schema>>> => {
  const params = await readParams(context.req.raw, MAX_PARAMS_BYTES, admitKnown(context));
  return params.ok ? validate(schema, params.value) : params;
};

/** A build's token from the dialect's header or the query: known before the body is read. */
export const earlyToken =
  (header: "BUILD-TOKEN" | "JOB-TOKEN") =>
  ({ req }: FrontContext): string | null =>
    req.header(header) ?? req.query("token") ?? null;

/** The build that the path names; null for what can't be a build's id. */
export const buildIdOf = (context: FrontContext): number | null => {
  const build = parseId(context.req.param("id"));
  concerns({ build });
  return build;
};

/** No body: nobody reads it, and making one is the dearest part of an answer that comes by the thousand. */
export const patchStored = (context: FrontContext, lengthBytes: number, headers: Record<string, string>): Response =>
  context.body(null, 202, { ...headers, Range: `0-${lengthBytes}` });
