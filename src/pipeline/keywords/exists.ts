import { isHash, isList, isGiven } from "../value.ts";
import { checkKeys, requireKeys } from "./known-keys.ts";
import { textsUpTo } from "./list.ts";
import { attribute, type Reader } from "./reader.ts";

const MAX_PATHS = 50;
const paths = textsUpTo(MAX_PATHS);

/** `rules:exists`: a glob, a list of at most 50, or `{paths}`. Read as the globs. */
export const exists: Reader<readonly string[]> = (value, at) => {
  if (typeof value === "string") return paths([value], at);
  if (isList(value)) return paths(value, at);
  if (!isHash(value)) return at.error("should be a string, an array of strings, or a hash");
  checkKeys(value, at, ["paths", "project", "ref"]);
  requireKeys(value, at, ["paths"]);
  if (isGiven(value, "project"))
    return at.error("project is not supported: Signalbox doesn't look into other projects");
  if (isGiven(value, "ref")) return at.invalid("missing required keys: project");
  return attribute(value, "paths", at, paths) ?? [];
};
