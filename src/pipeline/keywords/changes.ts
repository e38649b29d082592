import { isHash, isList } from "../value.ts";
import { checkKeys, requireKeys } from "./known-keys.ts";
import { textsUpTo } from "./list.ts";
import { attribute, type Reader } from "./reader.ts";
import { text } from "./scalar.ts";

export interface Changes {
  /** Globs; at most 50. */
  readonly paths: readonly string[];
  /** The ref that is compared with; null for what the event itself changed. */
  readonly compareTo: string | null;
}

const MAX_PATHS = 50;
const paths = textsUpTo(MAX_PATHS);

/** `rules:changes`: a list of globs, or `{paths, compare_to}`. */
export const changes: Reader<Changes> = (value, at) => {
  if (isList(value)) {
    const globs = paths(value, at);
    return globs === undefined ? undefined : { paths: globs, compareTo: null };
  }
  if (!isHash(value)) return at.error("should be an array or a hash");
  checkKeys(value, at, ["paths", "compare_to"]);
  requireKeys(value, at, ["paths"]);
  return {
    paths: attribute(value, "paths", at, paths) ?? [],
    compareTo: attribute(value, "compare_to", at, text) ?? null,
  };
};
