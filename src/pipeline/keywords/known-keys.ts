import type { Place } from "../problem.ts";
import { isHash, type Hash, isGiven } from "../value.ts";
import { nearest } from "./nearest.ts";
import { type Reader } from "./reader.ts";

/** More unknown keys than these are only counted. */
const NAMED = 10;

/** Tells of keys that are not among `known`, with the nearest known one. */
export const checkKeys = (hash: Hash, at: Place, known: readonly string[]): void => {
  const unknown = [...hash.keys()].filter((key) => !known.includes(key));
  if (unknown.length === 0) return;
  const named = unknown.slice(0, NAMED).map((key) => {
    const meant = nearest(key, known);
    return meant === null ? key : `${key} (did you mean ${meant}?)`;
  });
  const rest = unknown.length > NAMED ? ` and ${unknown.length - NAMED} more` : "";
  at.invalid(`contains unknown keys: ${named.join(", ")}${rest}`);
};

/** Tells of keys that must be there and are not. */
export const requireKeys = (hash: Hash, at: Place, required: readonly string[]): void => {
  const missing = required.filter((key) => !hash.has(key));
  if (missing.length > 0) at.invalid(`missing required keys: ${missing.join(", ")}`);
};

/** Tells of keys that cannot stand beside one another. */
export const excludeTogether = (hash: Hash, at: Place, keys: readonly string[]): void => {
  const present = keys.filter((key) => isGiven(hash, key));
  if (present.length > 1) at.invalid(`these keys cannot be used together: ${present.join(", ")}`);
};

/** Reads a hash that has no keys but `known`. */
export const hashOf =
  <T>(
    known: readonly string[],
    read: (hash: Hash, at: Place) => T | undefined,
    wrongType = "should be a hash",
  ): Reader<T> =>
  (value, at) => {
    if (!isHash(value)) return at.invalid(wrongType);
    checkKeys(value, at, known);
    return read(value, at);
  };
