import { hashOf } from "./known-keys.ts";
import { entry, type Reader } from "./reader.ts";
import { script } from "./script.ts";

/** `hooks`: read as the lines of `pre_get_sources_script`, which run before the sources are fetched. */
export const hooks: Reader<readonly string[]> = hashOf(
  ["pre_get_sources_script"],
  (hash, at) => entry(hash, "pre_get_sources_script", at, script) ?? [],
);
