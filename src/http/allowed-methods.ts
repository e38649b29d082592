/** Which methods a path would take: for the difference between 404 and 405. */
import { TrieRouter } from "hono/router/trie-router";
import type { RouterRoute } from "hono/types";

/** Of the routes as Hono lists them; middleware, which takes any method, doesn't count. */
export const methodsOf = (routes: readonly RouterRoute[]): ((path: string) => string[]) => {
  const router = new TrieRouter<string>();
  for (const { method, path } of routes) if (method !== "ALL") router.add("ALL", path, method);
  const methodsAt = (path: string): string[] => router.match("ALL", path)[0].map(([method]) => method);
  return (path) => {
    const exact = methodsAt(path);
    // Routing drops a `.json` only for a method that the rest of the path takes.
    const methods = new Set(exact.length > 0 ? exact : methodsAt(path.replace(/\.json$/, "")));
    if (methods.has("GET")) methods.add("HEAD");
    return [...methods].toSorted();
  };
};
