/** The path by which a request is routed: without slashes at its end, and without the `.json` that GitLab's API lets it have. */
import { TrieRouter } from "hono/router/trie-router";
import type { RouterRoute } from "hono/types";

const SUFFIX = ".json";
const SLASH = 0x2f;

/** What may stand before `.json` at the end of a route: its own last word, or a number in the place of an id. */
type Ending = "word" | "number";

/** Null for a route that ends in text of the caller's: there `.json` belongs to that text, as in the name of a file. */
const endingOf = (route: string): Ending | null => {
  const last = route.slice(route.lastIndexOf("/") + 1);
  if (!/[:*{]/.test(last)) return last === "" ? null : "word";
  return /^:(?:id|\w+_id)(?:\{.*\})?$/.test(last) ? "number" : null;
};

const endingsOf = (routes: readonly RouterRoute[]): TrieRouter<Ending> => {
  const router = new TrieRouter<Ending>();
  for (const { method, path } of routes) {
    const ending = method === "ALL" ? null : endingOf(path);
    if (ending !== null) router.add(method, path, ending);
  }
  return router;
};

const withoutLastSlashes = (path: string): string => {
  let end = path.length;
  while (end > 1 && path.charCodeAt(end - 1) === SLASH) end--;
  return path.slice(0, end);
};

/** Hono's `getPath` for an app whose routes these will be once it is asked. */
export const pathBy = (routes: () => readonly RouterRoute[]): ((request: Request) => string) => {
  let endings: TrieRouter<Ending> | null = null;

  const withoutSuffix = (method: string, path: string): string => {
    const bare = path.slice(0, -SUFFIX.length);
    endings ??= endingsOf(routes());
    const found = endings.match(method === "HEAD" ? "GET" : method, bare)[0].map(([ending]) => ending);
    const endsInNumber = /^\d+$/.test(bare.slice(bare.lastIndexOf("/") + 1));
    return found.includes("word") || (found.includes("number") && endsInNumber) ? bare : path;
  };

  return ({ url, method }) => {
    // What is no address (a Host with a port of eight digits) is found nowhere; handlers may parse it without a thought.
    if (!URL.canParse(url)) return "*";
    // The runtime has written the URL in its normal form: taking its path out costs less than parsing it again.
    const [, path = "/"] = /^[^/]*\/\/[^/?#]*([^?#]*)/.exec(url) ?? [];
    return withoutLastSlashes(path.endsWith(SUFFIX) ? withoutSuffix(method, path) : path);
  };
};
