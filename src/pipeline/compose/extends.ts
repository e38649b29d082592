/** `extends`: a hash at the file's top takes over what others have. */
import { valueText } from "../scalar-text.ts";
import { type Hash, isHash, isList } from "../value.ts";
import { deepMerge } from "./deep-merge.ts";
import type { Work } from "./work.ts";

export interface Resolved {
  readonly config: Hash;
  /** Keys whose value could not be resolved; they stand in `config` as they were. */
  readonly broken: ReadonlySet<string>;
}

/** Levels of `extends` above a hash, as GitLab allows them. */
const MAX_LEVELS = 11;

/** `tell` gets each error once, though many may extend what it stands in. */
export const resolveExtends = (config: Hash, work: Work, tell: (message: string, key: string) => void): Resolved => {
  const chains = new Chains(config, work, tell);
  const resolved = new Map(config);
  const broken = new Set<string>();
  for (const key of config.keys()) {
    const outcome = chains.resolve(key);
    if (outcome === null) broken.add(key);
    else if (outcome !== undefined) resolved.set(key, outcome);
  }
  return { config: resolved, broken };
};

interface Extended {
  readonly hash: Hash;
  /** Levels of `extends` that it has above itself. */
  readonly levels: number;
}

class Chains {
  readonly #config: Hash;
  readonly #work: Work;
  readonly #tell: (message: string, key: string) => void;
  readonly #told = new Set<string>();
  /** Null: it can't be resolved, from wherever it is reached. */
  readonly #known = new Map<string, Extended | null>();

  constructor(config: Hash, work: Work, tell: (message: string, key: string) => void) {
    this.#config = config;
    this.#work = work;
    this.#tell = tell;
  }

  /** Undefined: it extends nothing. Null: it can't be resolved. */
  resolve(key: string): Hash | null | undefined {
    const value = this.#config.get(key);
    if (!isHash(value) || !value.has("extends")) return undefined;
    return this.#extend(key, value, [])?.hash ?? null;
  }

  #extend(key: string, own: Hash, below: readonly string[]): Extended | null {
    const known = this.#known.get(key);
    if (known !== undefined) return known === null || this.#fits(key, known.levels, below) ? known : null;
    if (!own.has("extends")) return { hash: own, levels: 0 };
    const parents = parentsOf(own);
    this.#work.spend(parents.length + 1);
    const extended = this.#valid(key, parents, below) ? this.#merge(key, own, parents, below) : null;
    // Too deep from below may be fine by itself.
    if (extended !== null || below.length === 0) this.#known.set(key, extended);
    return extended;
  }

  #merge(key: string, own: Hash, parents: readonly string[], below: readonly string[]): Extended | null {
    let merged: Hash = new Map();
    let levels = 0;
    const path = [...below, key];
    for (const parent of parents) {
      const extended = this.#extend(parent, this.#config.get(parent) as Hash, path);
      if (extended === null) return null;
      merged = deepMerge(merged, extended.hash, this.#work);
      levels = Math.max(levels, extended.levels);
    }
    return { hash: deepMerge(merged, own, this.#work), levels: levels + 1 };
  }

  #valid(key: string, parents: readonly string[], below: readonly string[]): boolean {
    const unknown = parents.filter((parent) => !this.#config.has(parent));
    if (unknown.length > 0) return this.#fail(key, `unknown keys in \`extends\` (${unknown.join(", ")})`);
    const invalid = parents.filter((parent) => !isHash(this.#config.get(parent)));
    if (invalid.length > 0) return this.#fail(key, `invalid base hashes in \`extends\` (${invalid.join(", ")})`);
    if (below.includes(key)) return this.#fail(key, "circular dependency detected in `extends`");
    return this.#fits(key, 1, below);
  }

  #fits(key: string, levels: number, below: readonly string[]): boolean {
    if (below.length + levels <= MAX_LEVELS) return true;
    return this.#fail(below[0] ?? key, "nesting too deep in `extends`");
  }

  #fail(key: string, text: string): false {
    const message = `${key}: ${text}`;
    if (!this.#told.has(message)) {
      this.#told.add(message);
      this.#tell(message, key);
    }
    return false;
  }
}

const parentsOf = (hash: Hash): readonly string[] => {
  const names = hash.get("extends") ?? null;
  if (names === null) return [];
  return isList(names) ? names.map(valueText) : [valueText(names)];
};
