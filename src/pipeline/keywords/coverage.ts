import { isPattern } from "../expressions/pattern-syntax.ts";
import type { Reader } from "./reader.ts";

/** `coverage`: `/pattern/` that finds the number in the log. Read as the pattern's source, without its slashes. */
export const coverage: Reader<string> = (value, at) => {
  if (typeof value !== "string" || !isPattern(value)) {
    return at.invalid("must be a regular expression with re2 syntax");
  }
  if (!value.endsWith("/")) {
    // GitLab drops the first and the last character, whatever they are.
    at.warn("has flags behind its pattern: GitLab takes them for a part of it, and so the pattern finds nothing");
  }
  return value.slice(1, -1);
};
