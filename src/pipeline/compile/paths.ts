/** `changes` and `exists` for one event: what has changed, what is there. */
import type { Conditions } from "../compose/conditions.ts";
import type { PipelineContext } from "../context.ts";

/** As GitLab: where more paths would be compared with more globs, the answer is yes. */
const MAX_COMPARISONS = 50_000;

/** In all of a pipeline's rules, beyond which the answer is yes, too. */
const MAX_IN_ALL = 5_000_000;

/** Nothing in it stands for something else: it is looked up. */
const isPlain = (glob: string): boolean => !/[*?[{\\]/.test(glob);

const ANYWHERE = "**/*";

/** What a path must end in, wherever it is, if that is all that the glob says. */
const extensionOf = (glob: string): string | null => {
  const end = glob.startsWith(ANYWHERE) ? glob.slice(ANYWHERE.length) : "";
  return end.startsWith(".") && !end.includes("/") && isPlain(end) ? end : null;
};

export class Paths {
  readonly #conditions: Conditions;
  readonly #changed: readonly string[] | null;
  readonly #tree: readonly string[] | null;
  readonly #known = new Map<string, boolean>();
  /** All paths of the tree. */
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
    this.#there ??= new Set(this.#tree);
    const there = this.#there;
    return globs.some((glob) => there.has(glob)) || this.#once("exist", globs, this.#tree);
  }

  #once(kind: "changed" | "exist", globs: readonly string[], paths: readonly string[]): boolean {
    const key = `${kind}\n${globs.toSorted().join("\n")}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const answer = kind === "exist" ? this.#existsAny(globs, paths) : this.#matches(globs, paths);
    this.#known.set(key, answer);
    return answer;
  }

  /** GitLab doesn't count folders and extensions as comparisons. */
  #existsAny(globs: readonly string[], paths: readonly string[]): boolean {
    const folders = globs.filter((glob) => isPlain(glob) && glob.endsWith("/"));
    const extensions = globs.flatMap((glob) => extensionOf(glob) ?? []);
    this.#left -= (folders.length + extensions.length) * paths.length;
    if (this.#left < 0) return this.#tooMany();
    if (paths.some((path) => folders.some((folder) => path.startsWith(folder)))) return true;
    if (paths.some((path) => extensions.some((extension) => path.endsWith(extension)))) return true;
    return this.#matches(
      globs.filter((glob) => !isPlain(glob) && extensionOf(glob) === null),
      paths,
    );
  }

  #matches(globs: readonly string[], paths: readonly string[]): boolean {
    if (paths.length === 0 || globs.length === 0) return false;
    const comparisons = paths.length * globs.length;
    if (comparisons > MAX_COMPARISONS || comparisons > this.#left) return this.#tooMany();
    this.#left -= comparisons;
    return this.#conditions.matchesPath(globs, paths);
  }

  #tooMany(): true {
    this.notes.add("`changes` and `exists` count as true where more than 50000 globs and paths would be compared");
    return true;
  }
}
