/** Who may use a route of the consumer API. */
import { refuse } from "../../core/refusal.ts";
import type { Handler } from "../../http/front.ts";
import { isAdmin } from "./auth.ts";
import { answering } from "./refusals.ts";

/** For whoever asks: the handler itself looks at the token. */
export const open = (handle: Handler) => answering(undefined, handle);

/**
 * For the administrator alone: anybody else is answered before any object is called. Put around each route and not on a
 * prefix, since runners speak below `/runners` too, with tokens of their own.
 */
export const guarded = (handle: Handler) =>
  open(async (context) => (isAdmin(context) ? handle(context) : refuse({ reason: "unauthenticated" })));
