/** What a text from outside may be: one place for all doors by which texts come in. */

/** NUL, and halves of surrogate pairs: no environment, script, database or terminal can hold them. */
const UNSTORABLE = /[\0\p{Cs}]/u;

export const isStorable = (text: string): boolean => !UNSTORABLE.test(text);

/**
 * Where in a value of JSON a text can't be stored, as a path (`variables.0.value`; "" for the value itself); null when all
 * can. Keys count as texts.
 */
export const unstorableIn = (value: unknown, path = ""): string | null => {
  if (typeof value === "string") return isStorable(value) ? null : path;
  if (typeof value !== "object" || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    const at = path === "" ? key : `${path}.${key}`;
    const found = isStorable(key) ? unstorableIn(inner, at) : at;
    if (found !== null) return found;
  }
  return null;
};

/** Control characters, and those that turn the direction of writing: a name with one reads as another name. */
const MISLEADING = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/gu;

/** A name as people may be shown it. */
export const shownName = (text: string): string => text.replaceAll(MISLEADING, "");
