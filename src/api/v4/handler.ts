/** What a route of the consumer API is: from a request to a response, or to a refusal that the dialect words. */
import type { Context } from "hono";
import { accept } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import { isAdmin } from "./auth.ts";
import { refusalResponse } from "./refusals.ts";

export type ConsumerContext = Context<{ Bindings: Env }>;

export type Handler = (context: ConsumerContext) => Promise<Outcome<Response>>;

/** The handler's outcome as a response. */
export const answered =
  (handler: Handler) =>
  async (context: ConsumerContext): Promise<Response> => {
    const outcome = await handler(context);
    return outcome.ok ? outcome.value : refusalResponse(context, outcome.refusal);
  };

export const unauthorized = (context: ConsumerContext) => accept(context.json({ message: "401 Unauthorized" }, 401));

/**
 * For the administrator alone: anybody else is answered before any object is called. Put around each route and not on a
 * prefix, since runners speak below `/runners` too, with tokens of their own.
 */
export const guarded = (handler: Handler) =>
  answered(async (context) => (isAdmin(context) ? handler(context) : unauthorized(context)));

/** Under which address people and programs reach this server, without a slash at its end. */
export const originOf = (context: ConsumerContext): string => new URL(context.req.url).origin;
