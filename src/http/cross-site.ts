/**
 * What a browser may do here for a page of another site.
 *
 * A page can send a form anywhere without asking, with a token in its address or its fields. That is refused. For a request
 * with a header of ours the browser asks first (preflight); `/api` allows that to any site, as GitLab does, but never with
 * cookies. So a page can only use a token that it was given. Runners and programs send none of the headers looked at here.
 */
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { settingsOf } from "../settings.ts";
import { endsWith } from "./request-log.ts";

const SAFE_METHODS = ["GET", "HEAD", "OPTIONS"];

const TOKEN_HEADERS = ["PRIVATE-TOKEN", "JOB-TOKEN", "RUNNER-TOKEN", "BUILD-TOKEN"];

/** `Basic` doesn't count: a browser sends it by itself for an address like `http://user:password@host`. */
const hasTokenHeader = (headers: Headers): boolean =>
  TOKEN_HEADERS.some((name) => headers.has(name)) || /^bearer /i.test(headers.get("Authorization") ?? "");

/** `Sec-Fetch-Site` is the browser's own judgement, so it counts before `Origin`, which is all that older browsers send. */
const isCrossSite = (headers: Headers, ownOrigins: () => readonly (string | undefined)[]): boolean => {
  const site = headers.get("Sec-Fetch-Site");
  if (site !== null) return site === "cross-site" || site === "same-site";
  const origin = headers.get("Origin");
  return origin !== null && !ownOrigins().includes(origin);
};

/** Answers 403 for what a page of another site wants changed, unless the request has a header that a page can't send unasked. */
export const refuseCrossSite = () =>
  createMiddleware<{ Bindings: Env }>(async (context, next) => {
    const { method, raw, url } = context.req;
    const ownOrigins = () => [url, settingsOf(context.env).publicUrl ?? url].map((each) => URL.parse(each)?.origin);
    if (SAFE_METHODS.includes(method) || !isCrossSite(raw.headers, ownOrigins) || hasTokenHeader(raw.headers)) {
      return next();
    }
    endsWith("forbidden");
    return context.json({ message: "403 Forbidden - a page of another site must send its token in a header" }, 403);
  });

/** GitLab's methods and lifetime, and of the headers that it lets pages read those that there are here, with a few of ours. */
const allowOtherSites = cors({
  origin: "*",
  allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
  exposeHeaders: [
    "Link",
    "X-Total",
    "X-Total-Pages",
    "X-Per-Page",
    "X-Page",
    "X-Next-Page",
    "X-Prev-Page",
    "X-Request-Id",
    "Retry-After",
    "Content-Disposition",
    "Content-Range",
    "ETag",
  ],
  maxAge: 7200,
});

/** CORS, for requests that a page makes: others, a runner's patches above all, are spared its headers. */
export const corsForPages = () =>
  createMiddleware<{ Bindings: Env }>((context, next) =>
    context.req.header("Origin") === undefined ? next() : allowOtherSites(context, next),
  );
