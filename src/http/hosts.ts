/**
 * Which names a server on a developer's machine answers for. A page on another site can give its own name the address
 * 127.0.0.1 and then read what a local server says (DNS rebinding); its requests still carry that name as their Host.
 * A deployment leaves this to Cloudflare, which sends it requests for its own names alone.
 */
import { createMiddleware } from "hono/factory";
import { settingsOf } from "../settings.ts";
import { endsWith } from "./request-log.ts";

/** Any port goes: a tunnel or a container may show another one, and a page can't choose which one it reaches. */
const LOCAL = ["localhost", "127.0.0.1", "[::1]"];

const REFUSAL =
  "403 Forbidden - this server answers for localhost, 127.0.0.1 and [::1]; the setting ALLOWED_HOSTS adds other names";

/** With `ALLOWED_HOSTS`, even an empty one, answers 403 for other names than these and those of this machine. */
export const onlyAllowedHosts = () =>
  createMiddleware<{ Bindings: Env }>(async (context, next) => {
    const { allowedHosts } = settingsOf(context.env);
    if (allowedHosts === null) return next();
    // The URL's host is the request's Host, in lower case and without its port.
    const name = URL.parse(context.req.url)?.hostname ?? "";
    if (LOCAL.includes(name) || allowedHosts.includes(name)) return next();
    endsWith("forbidden");
    return context.json({ message: REFUSAL }, 403);
  });
