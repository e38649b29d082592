/** Which methods a path would take: for the difference between 404 and 405. */
import { TrieRouter } from "hono/router/trie-router";
import type { RouterRoute } from "hono/types";

/** Of the routes as Hono lists them; middleware, which takes any method, doesn't count. */
export const methodsOf = (routes: readonly RouterRoute[]): ((path: string) => string[]) => {
  const router = new TrieRouter<string>();
  for (const { method, path } of routes) if (method !== "ALL") router.add("ALL", path, method);
  return (path) => {
    const methods = new Set(router.match("ALL", path)[0].map(([method]) => method));
    if (methods.has("GET")) methods.add("HEAD");
    return [...methods].toSorted();
  };
};
