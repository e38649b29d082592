/** What a route of the consumer API is, and whom it lets in. */
import type { Actor } from "../../core/principal.ts";
import { refuse } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import type { FrontContext } from "../../http/front.ts";
import { principalOf } from "./auth.ts";
import { answering } from "./refusals.ts";

/** A handler that knows who asks. */
export type ConsumerHandler = (context: FrontContext, asker: Actor) => Promise<Outcome<Response>>;

/** Whom a route is for. */
export const ADMIN_ALONE = ["admin"] as const;
/** A job too, for what is its own project's: GitLab lists these routes. */
export const JOBS_TOO = ["admin", "job"] as const;
export const JOB_ALONE = ["job"] as const;

/**
 * Anybody else is answered before any object is called. Put around each route and not on a prefix, since runners speak below
 * `/runners` too, with tokens of their own.
 */
export const guarded = (handle: ConsumerHandler, admits: readonly Actor["kind"][] = ADMIN_ALONE) =>
  answering(undefined, async (context) => {
    const asker = await principalOf(context, admits);
    return asker.kind !== "nobody" && admits.includes(asker.kind)
      ? handle(context, asker)
      : refuse({ reason: "unauthenticated" });
  });
