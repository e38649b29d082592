/** What every answer says, whichever way it was made. */
import { createMiddleware } from "hono/factory";

/** GitLab's. A token in `PRIVATE-TOKEN`, unlike one in `Authorization`, doesn't keep shared caches from storing an answer. */
const UNSHARED = "max-age=0, private, must-revalidate";

/**
 * Around all that may answer, with `requestId()` around it: that one only reaches answers made by Hono's context, and
 * streams are made without it.
 */
export const answerHeaders = () =>
  createMiddleware(async (context, next) => {
    await next();
    const { headers } = context.res;
    if (!headers.has("X-Request-Id")) headers.set("X-Request-Id", context.get("requestId"));
    const { method } = context.req;
    if (method !== "GET" && method !== "HEAD") return;
    if (!headers.has("Cache-Control")) headers.set("Cache-Control", UNSHARED);
    // What jobs made must not be taken for anything else than it says.
    headers.set("X-Content-Type-Options", "nosniff");
  });
