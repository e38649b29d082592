/** Readers of lists. */
import { isHash, isList, type Value } from "../value.ts";
import { isInteger, isStorable, NOT_STORABLE } from "./scalar.ts";
import type { Reader } from "./reader.ts";

const isText = (value: Value): value is string => typeof value === "string";

const isTexts = (value: Value): value is readonly string[] => isList(value) && value.every(isText);

const storable = (texts: readonly string[], at: Parameters<Reader<string>>[1]): readonly string[] | undefined =>
  texts.every(isStorable) ? texts : at.invalid(NOT_STORABLE);

export const texts: Reader<readonly string[]> = (value, at) =>
  isTexts(value) ? storable(value, at) : at.invalid("should be an array of strings");

/** At most `most` texts. */
export const textsUpTo =
  (most: number, tooMany = `has too many entries (maximum ${most})`): Reader<readonly string[]> =>
  (value, at) => {
    const read = texts(value, at);
    return read !== undefined && read.length > most ? at.invalid(tooMany) : read;
  };

export const textOrTexts: Reader<readonly string[]> = (value, at) => {
  if (isText(value)) return storable([value], at);
  return isTexts(value) ? storable(value, at) : at.invalid("should be an array of strings or a string");
};

export const integerOrIntegers: Reader<readonly number[]> = (value, at) => {
  const list = isList(value) ? value : [value];
  return list.every(isInteger) ? list.map(Number) : at.invalid("should be an array of integers or an integer");
};

/** As deep as GitLab takes lists in lists. */
export const MAX_NESTING = 10;

/** All that is in a list and in the lists in it, in order; null if something isn't `wanted` or stands deeper than allowed. */
export const flattened = <T extends Value>(
  value: readonly Value[],
  wanted: (item: Value) => item is T,
): readonly T[] | null => {
  const flat: T[] = [];
  const add = (items: readonly Value[], levels: number): boolean =>
    items.every((item) => {
      if (wanted(item)) return flat.push(item) > 0;
      return levels > 1 && isList(item) && add(item, levels - 1);
    });
  return add(value, MAX_NESTING) ? flat : null;
};

/** A text, or texts in lists in lists: `!reference` in a script makes them. */
export const nestedTexts: Reader<readonly string[]> = (value, at) => {
  const flat = isText(value) ? [value] : isList(value) ? flattened(value, isText) : null;
  if (flat !== null) return storable(flat, at);
  const hint = isList(value) && value.some(isHash) ? ' (a line with ": " in it needs quotes)' : "";
  return at.invalid(`should be a string or a nested array of strings up to ${MAX_NESTING} levels deep${hint}`);
};
