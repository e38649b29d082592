/** Whether paths match the globs of `changes` and `exists`. */
import { Budget } from "./budget.ts";
import { expandBraces } from "./braces.ts";
import { fnmatch } from "./fnmatch.ts";

/** At worst half a second of work. Comparing a path with a usual glob takes some 30 steps, or one if its ends differ. */
const MAX_STEPS = 20_000_000;

/**
 * Compares for one compile. What would take too long counts as a match: GitLab answers so too, though it counts
 * comparisons only, however long each is.
 */
export class Globs {
  readonly #budget: Budget;
  readonly #expanded = new Map<string, readonly Glob[] | null>();

  constructor(budget = new Budget(MAX_STEPS)) {
    this.#budget = budget;
  }

  matchesPath(globs: readonly string[], paths: readonly string[]): boolean {
    const alternatives: Glob[] = [];
    for (const glob of globs) {
      const expanded = this.#expand(glob);
      if (expanded === null) return true;
      alternatives.push(...expanded);
    }
    // Plain loops: monorepos compare millions of times, and nearly always a path's start or end is another one.
    for (const path of paths) {
      if (!this.#budget.spend(alternatives.length)) return true;
      for (const { glob, start, end } of alternatives)
        if (path.startsWith(start) && path.endsWith(end) && this.#matches(glob, path)) return true;
    }
    return false;
  }

  #matches(glob: string, path: string): boolean {
    const steps = { left: this.#budget.left };
    const matched = fnmatch(glob, path, steps);
    return !this.#budget.spend(this.#budget.left - steps.left) || matched !== false;
  }

  #expand(glob: string): readonly Glob[] | null {
    const known = this.#expanded.get(glob);
    if (known !== undefined) return known;
    const alternatives = this.#budget.spend(glob.length) ? expandBraces(glob) : null;
    const expanded = alternatives?.map(withEnds) ?? null;
    this.#expanded.set(glob, expanded);
    return expanded;
  }
}

/** A glob without braces, and what paths must start and end with that it may match. */
interface Glob {
  readonly glob: string;
  readonly start: string;
  readonly end: string;
}

/** A backslash hides what is behind it, so that there the end is not looked at. */
const withEnds = (glob: string): Glob => {
  const wildcard = glob.search(/[*?[\\]/);
  // The slash of a double star may stand for nothing.
  const end = 1 + Math.max(...["*", "?", "]", "/"].map((char) => glob.lastIndexOf(char)));
  return {
    glob,
    start: wildcard < 0 ? glob : glob.slice(0, wildcard),
    end: glob.includes("\\") ? "" : glob.slice(end),
  };
};
