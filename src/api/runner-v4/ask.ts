/** How the routes of this dialect read their parameters, and how they answer. */
import type { Context } from "hono";
import type * as v from "valibot";
import type { Outcome } from "../../core/refusal.ts";
import { validate } from "../../http/loose.ts";
import { readParams } from "../../http/params.ts";
import { refusalResponse } from "./refusals.ts";
import type { Action } from "./refusals.ts";

type RunnerContext = Context<{ Bindings: Env }>;

const MAX_PARAMS_BYTES = 1024 * 1024;

/** A handler's outcome as a response; a refusal in the words for what was tried. */
export const answering =
  (action: Action, handle: (context: RunnerContext) => Promise<Outcome<Response>>) =>
  async (context: RunnerContext): Promise<Response> => {
    const outcome = await handle(context);
    return outcome.ok ? outcome.value : refusalResponse(context, outcome.refusal, action);
  };

/** The parameters of a request, from wherever they come, as the schema reads them. */
export const ask = async <Schema extends v.GenericSchema>(
  context: RunnerContext,
  schema: Schema,
): Promise<Outcome<v.InferOutput<Schema>>> => {
  const params = await readParams(context.req.raw, MAX_PARAMS_BYTES);
  return params.ok ? validate(schema, params.value) : params;
};
