import type { Conditions } from "../compose/conditions.ts";
import { evaluateIf } from "./evaluate.ts";
import { Globs } from "./globs.ts";
import { Patterns, PatternTooLarge } from "./patterns.ts";

/** The language of rules, for one compile: what it has read and spent is known until its end. */
export const makeConditions = (): Conditions => {
  const patterns = new Patterns();
  const globs = new Globs();
  return {
    evaluateIf: (text, lookup) => {
      const evaluated = evaluateIf(text, lookup, patterns);
      return evaluated.ok ? evaluated.value : { error: evaluated.message };
    },
    matchesPath: (given, paths) => globs.matchesPath(given, paths),
    matchesPattern: (pattern, text) => {
      try {
        const found = patterns.find(pattern, text);
        // GitLab finds nothing in a blank text, whatever the pattern.
        return found === null ? null : found && /\S/.test(text);
      } catch (error) {
        if (error instanceof PatternTooLarge) return null;
        throw error;
      }
    },
  };
};
