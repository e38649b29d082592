/** Which route answers a request: its pattern, as `/api/v4/projects/:id`, which has nothing of the request in it. */
import type { Context } from "hono";
import { matchedRoutes } from "hono/route";

/** Where no route takes the path by this method; middleware, which takes any, doesn't count. */
export const NO_ROUTE = "none";

export const routeOf = (context: Context): string => {
  const route = matchedRoutes(context).findLast(({ method }) => method !== "ALL");
  return route === undefined ? NO_ROUTE : namesAlone(route.path);
};

/** Without what a parameter has to look like: `:id{[0-9]+}` is `:id`. */
export const namesAlone = (path: string): string => path.replaceAll(/\{[^/]*\}/g, "");
