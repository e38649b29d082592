/** What a route of the consumer API is, and whom it lets in. */
import type { Actor } from "../../core/principal.ts";
import { refuse } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import type { FrontContext, Handler } from "../../http/front.ts";
import { principalOf } from "./auth.ts";
import { answering } from "./refusals.ts";

/** A handler that knows who asks. */
export type ConsumerHandler = (context: FrontContext, asker: Actor) => Promise<Outcome<Response>>;

/** For whoever asks: the handler itself looks at the token. */
export const open = (handle: Handler) => answering(undefined, handle);

/**
 * For the administrator alone: anybody else is answered before any object is called. Put around each route and not on a
 * prefix, since runners speak below `/runners` too, with tokens of their own.
 */
export const guarded = (handle: ConsumerHandler) =>
  open(async (context) => {
    const asker = principalOf(context);
    return asker.kind === "admin" ? handle(context, asker) : refuse({ reason: "unauthenticated" });
  });
