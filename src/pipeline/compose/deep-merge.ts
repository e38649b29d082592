import { type Hash, isHash, type Value } from "../value.ts";
import type { Work } from "./work.ts";

/**
 * Hashes are merged at any depth, all else is replaced by `over`, null too. Keys of `base` come first. What only one
 * of the two has is shared with it.
 */
export const deepMerge = (base: Hash, over: Hash, work: Work): Hash => {
  if (base === over || base.size === 0) return over;
  if (over.size === 0) return base;
  work.spend(base.size);
  const merged = new Map(base);
  mergeInto(merged, over, work);
  return merged;
};

/** The same, but `base` itself becomes the result. */
export const mergeInto = (base: Map<string, Value>, over: Hash, work: Work): void => {
  work.spend(over.size);
  for (const [key, value] of over) {
    const before = base.get(key);
    base.set(key, isHash(before) && isHash(value) ? deepMerge(before, value, work) : value);
  }
};
