/** What a route is, whatever its front: from a request to a response, or to a refusal that the front words. */
import type { Context } from "hono";
import type { Outcome } from "../core/refusal.ts";

export type FrontContext = Context<{ Bindings: Env }>;

export type Handler = (context: FrontContext) => Promise<Outcome<Response>>;
