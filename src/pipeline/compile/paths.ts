/** `changes` and `exists` for one event: what has changed, what is there. */
import type { Conditions } from "../compose/conditions.ts";
import type { PipelineContext } from "../context.ts";

/** As GitLab: where more paths would be compared with more globs, the answer is yes. */
const MAX_COMPARISONS = 50_000;

/** In all of a pipeline's rules, beyond which the answer is yes, too. */
const MAX_IN_ALL = 5_000_000;

/** Globs without anything to match: they are looked up. */
const isPlain = (glob: string): boolean => !/[*?[{\\]/.test(glob);

export class Paths {
  readonly #conditions: Conditions;
  readonly #changed: readonly string[] | null;
  readonly #tree: readonly string[] | null;
  readonly #known = new Map<string, boolean>();
  /** All paths of the tree, and the folders that they are in with `/` behind them. */
  #there: ReadonlySet<string> | undefined;
  #left = MAX_IN_ALL;
  /** What was answered without looking, in words. */
  readonly notes = new Set<string>();

  constructor({ changedPaths, tree }: Pick<PipelineContext, "changedPaths" | "tree">, conditions: Conditions) {
    this.#conditions = conditions;
    this.#changed = changedPaths;
    this.#tree = tree;
  }

  /** Whether a path that one of the globs matches has changed. */
  changed(globs: readonly string[], comparedTo: string | null): boolean {
    if (comparedTo !== null) {
      this.notes.add("`changes` with `compare_to` counts as true: what has changed since another ref is not known");
      return true;
    }
    if (this.#changed === null) {
      this.notes.add("`changes` counts as true: what the event has changed is not known");
      return true;
    }
    return this.#once("changed", globs, this.#changed);
  }

  /** Whether a file that one of the globs matches is there. */
  exist(globs: readonly string[]): boolean {
    if (globs.length === 0) return false;
    if (this.#tree === null) {
      this.notes.add("`exists` counts as true: the repository's files are not known");
      return true;
    }
    this.#there ??= new Set(this.#tree.flatMap((path) => [path, ...foldersOf(path)]));
    const there = this.#there;
    const globsToMatch = globs.filter((glob) => !isPlain(glob));
    if (globs.some((glob) => isPlain(glob) && there.has(glob))) return true;
    return globsToMatch.length > 0 && this.#once("exist", globsToMatch, this.#tree);
  }

  #once(kind: string, globs: readonly string[], paths: readonly string[]): boolean {
    const key = `${kind}\n${globs.toSorted().join("\n")}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const answer = this.#matches(globs, paths);
    this.#known.set(key, answer);
    return answer;
  }

  #matches(globs: readonly string[], paths: readonly string[]): boolean {
    if (paths.length === 0 || globs.length === 0) return false;
    const comparisons = paths.length * globs.length;
    if (comparisons > MAX_COMPARISONS || comparisons > this.#left) {
      this.notes.add("`changes` and `exists` with more than 50000 comparisons of globs with paths count as true");
      return true;
    }
    this.#left -= comparisons;
    return this.#conditions.matchesPath(globs, paths);
  }
}

const foldersOf = (path: string): readonly string[] => {
  const folders: string[] = [];
  for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) folders.push(path.slice(0, end + 1));
  return folders;
};
