/** `!reference [job, key, …]`: the value that stands there takes its place. In a list that is a list in the list. */
import { valueText } from "../scalar-text.ts";
import { type Hash, isHash, isList, Reference, type Value } from "../value.ts";
import type { Resolved } from "./extends.ts";
import type { Work } from "./work.ts";

/** Lists and hashes that may be gone through, one in the other, by way of references. */
const MAX_STEPS_DOWN = 500;

/** `tell` gets each error once, though it may be met in many places, with the top key where it was met first. */
export const resolveReferences = (config: Hash, work: Work, tell: (message: string, key: string) => void): Resolved => {
  const finder = new Finder(config, work, tell);
  const broken = new Set<string>();
  const resolved = new Map(config);
  for (const [key, value] of config) {
    const found = finder.resolveTop(key, value);
    if (found === FAILED) broken.add(key);
    else if (found !== value) resolved.set(key, found);
  }
  return { config: resolved, broken };
};

const FAILED = Symbol("a reference that leads nowhere");
type Found = Value | typeof FAILED;

class Finder {
  readonly #config: Hash;
  readonly #work: Work;
  readonly #tell: (message: string, key: string) => void;
  /** What lists, hashes and references have become. What is shared stays shared. */
  readonly #known = new Map<object, Found>();
  /** References that are being followed. */
  readonly #followed = new Set<Reference>();
  #key = "";

  constructor(config: Hash, work: Work, tell: (message: string, key: string) => void) {
    this.#config = config;
    this.#work = work;
    this.#tell = tell;
  }

  resolveTop(key: string, value: Value): Found {
    this.#key = key;
    return this.#resolve(value, 0);
  }

  #resolve(value: Value, steps: number): Found {
    if (!isList(value) && !isHash(value) && !(value instanceof Reference)) return value;
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const found =
      value instanceof Reference
        ? this.#follow(value, steps + 1)
        : isList(value)
          ? this.#list(value, steps + 1)
          : this.#hash(value, steps + 1);
    this.#known.set(value, found);
    return found;
  }

  #follow(reference: Reference, steps: number): Found {
    if (this.#followed.has(reference)) return this.#fail(reference, "is part of a circular chain");
    if (steps > MAX_STEPS_DOWN) return this.#fail(reference, "is nested too deep");
    const target = this.#at(reference.path);
    // GitLab takes false for missing, too.
    if (target === undefined || target === null || target === false) return this.#fail(reference, "could not be found");
    this.#followed.add(reference);
    const found = this.#resolve(target, steps);
    this.#followed.delete(reference);
    return found;
  }

  #at(path: readonly string[]): Value | undefined {
    let value: Value | undefined = this.#config;
    for (const key of path) value = isHash(value) ? value.get(key) : undefined;
    return value;
  }

  #list(list: readonly Value[], steps: number): Found {
    this.#work.spend(list.length);
    const items: Value[] = [];
    let failed = false;
    for (const item of list) {
      const found = this.#resolve(item, steps);
      if (found === FAILED) failed = true;
      else items.push(found);
    }
    if (failed) return FAILED;
    return items.every((item, index) => item === list[index]) ? list : items;
  }

  #hash(hash: Hash, steps: number): Found {
    this.#work.spend(hash.size);
    let resolved: Map<string, Value> | null = null;
    let failed = false;
    for (const [key, value] of hash) {
      const found = this.#resolve(value, steps);
      if (found === FAILED) failed = true;
      else if (found !== value) (resolved ??= new Map(hash)).set(key, found);
    }
    return failed ? FAILED : (resolved ?? hash);
  }

  #fail(reference: Reference, text: string): typeof FAILED {
    this.#tell(`!reference ${valueText(reference.path)} ${text}`, this.#key);
    return FAILED;
  }
}
