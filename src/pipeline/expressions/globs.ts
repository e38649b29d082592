/** Whether paths match the globs of `changes` and `exists`. */
import { Budget } from "./budget.ts";
import { expandBraces } from "./braces.ts";
import { fnmatch } from "./fnmatch.ts";

/** At worst half a second of work. Comparing a path with a usual glob takes some 30 steps. */
const MAX_STEPS = 50_000_000;

/**
 * Compares for one compile. What would take too long counts as a match: GitLab answers so too, though it counts
 * comparisons only, however long each is.
 */
export class Globs {
  readonly #budget: Budget;
  readonly #expanded = new Map<string, readonly string[] | null>();

  constructor(budget = new Budget(MAX_STEPS)) {
    this.#budget = budget;
  }

  matchesPath(globs: readonly string[], paths: readonly string[]): boolean {
    const alternatives = globs.map((glob) => this.#expand(glob));
    return alternatives.includes(null) || paths.some((path) => alternatives.some((any) => this.#any(any ?? [], path)));
  }

  #any(globs: readonly string[], path: string): boolean {
    return globs.some((glob) => {
      const steps = { left: this.#budget.left };
      const matched = fnmatch(glob, path, steps);
      return !this.#budget.spend(this.#budget.left - steps.left) || matched !== false;
    });
  }

  #expand(glob: string): readonly string[] | null {
    const known = this.#expanded.get(glob);
    if (known !== undefined) return known;
    const expanded = this.#budget.spend(glob.length) ? expandBraces(glob) : null;
    this.#expanded.set(glob, expanded);
    return expanded;
  }
}
