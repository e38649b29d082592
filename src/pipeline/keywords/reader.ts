import type { Place } from "../problem.ts";
import type { Hash, Value } from "../value.ts";

/**
 * Reads one value of a file. Undefined if it can't be read; then an error was told to `at`. What a reader returns counts
 * only if no error was told: a hash with one bad key may come back without it.
 * Readers never get null: a null stands for what is not given, at every depth.
 */
export type Reader<T> = (value: Value, at: Place) => T | undefined;

/** A key that GitLab gives a place of its own: its errors begin with `jobs:build:image config …`. */
export const entry = <T>(hash: Hash, key: string, at: Place, read: Reader<T>): T | undefined => {
  const value = hash.get(key) ?? null;
  return value === null ? undefined : read(value, at.at(key));
};

/** A key whose errors begin with the place of its hash: `jobs:build when …`. */
export const attribute = <T>(hash: Hash, key: string, at: Place, read: Reader<T>): T | undefined => {
  const value = hash.get(key) ?? null;
  return value === null ? undefined : read(value, at.attribute(key));
};

type Defined<T extends object> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

/** A copy without the fields that are undefined. */
export const defined = <T extends object>(fields: T): Defined<T> => {
  const copy: Defined<T> = {};
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined) copy[key] = value as Exclude<T[typeof key], undefined>;
  }
  return copy;
};
