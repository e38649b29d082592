/**
 * One line per request: what was asked, of which build and by which runner, how it ended and how long the answer took to
 * begin (a followed log goes on long after). Never the URL, headers or bodies: tokens may be anywhere in them.
 *
 * What a request concerns is noted where it becomes known, deep below the routes, in verbs that have no Hono context: the
 * token that names a runner or a build is verified in one place for all dialects. So the line travels with the request.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { createMiddleware } from "hono/factory";
import type { Refusal } from "../core/refusal.ts";
import { routeOf } from "./route.ts";

interface Concern {
  readonly requestId: string;
  build: number | null;
  runner: number | null;
  outcome: Refusal["reason"] | "nothing" | null;
}

const current = new AsyncLocalStorage<Concern>();

/** The request under way is about this build, or comes from this runner. What it is known to concern already stays. */
export const concerns = (what: { readonly build?: number | null; readonly runner?: number | null }): void => {
  const concern = current.getStore();
  if (concern === undefined) return;
  concern.build = what.build ?? concern.build;
  concern.runner = what.runner ?? concern.runner;
};

/** How the request under way ends: with a refusal, or with `nothing` for a poll. What says nothing is `ok` below 400. */
export const endsWith = (outcome: NonNullable<Concern["outcome"]>): void => {
  const concern = current.getStore();
  if (concern !== undefined) concern.outcome = outcome;
};

/** For the objects that a request changes: their own lines name it. */
export const currentRequest = (): string | undefined => current.getStore()?.requestId;

/** After `requestId()`, around everything else. */
export const requestLog = () =>
  createMiddleware<{ Bindings: Env }>(async (context, next) => {
    const startMs = Date.now();
    const concern: Concern = { requestId: context.get("requestId"), build: null, runner: null, outcome: null };
    await current.run(concern, next);
    const { error, res } = context;
    const line = JSON.stringify({
      event: "request",
      request_id: concern.requestId,
      method: context.req.method,
      route: routeOf(context),
      status: res.status,
      outcome: error === undefined ? (concern.outcome ?? (res.status < 400 ? "ok" : "refused")) : "failed",
      build: concern.build,
      runner: concern.runner,
      duration_ms: Date.now() - startMs,
      ...(error === undefined ? {} : { error: String(error) }),
    });
    if (error === undefined) console.log(line);
    else console.error(line);
  });
