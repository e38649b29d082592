import { isHash, isGiven } from "../value.ts";
import { checkKeys } from "./known-keys.ts";
import { texts } from "./list.ts";
import { entry, type Reader } from "./reader.ts";
import { text } from "./scalar.ts";

/** A text, whose variables the runner expands; or files whose state makes the key when the job is queued. */
export type CacheKey =
  | string
  | {
      /** One or two paths or globs. */
      readonly files: readonly string[];
      /** What of the files counts: their contents, or the commits that changed them last. */
      readonly by: "content" | "commit";
      /** Stands before the digest; empty without one. */
      readonly prefix: string;
    };

export const DEFAULT_CACHE_KEY = "default";

/** `cache:key`: a text, or `{files | files_commits, prefix}`. */
export const cacheKey: Reader<CacheKey> = (value, at) => {
  if (typeof value === "string") return keyText(value, at);
  if (!isHash(value)) return at.error("should be a hash, a string or a symbol");
  checkKeys(value, at, ["files", "files_commits", "prefix"]);
  const byContent = isGiven(value, "files");
  if (byContent === isGiven(value, "files_commits")) {
    return at.invalid("must use exactly one of these keys: files, files_commits");
  }
  const files = entry(value, byContent ? "files" : "files_commits", at, keyFiles);
  const prefix = entry(value, "prefix", at, keyText) ?? "";
  return files === undefined ? undefined : { files, by: byContent ? "content" : "commit", prefix };
};

/** The runner makes a path of it. */
const keyText: Reader<string> = (value, at) => {
  const key = typeof value === "string" ? text(value, at) : at.invalid("should be a string or symbol");
  if (key === undefined) return undefined;
  const path = key.replaceAll(/%2f/gi, "/").replaceAll(/%2e/gi, ".");
  if (path.includes("/")) return at.invalid('cannot contain the "/" character');
  return path === "." || path === ".." ? at.invalid('cannot be "." or ".."') : key;
};

const MAX_FILES = 2;

const keyFiles: Reader<readonly string[]> = (value, at) => {
  const files = texts(value, at);
  if (files === undefined) return undefined;
  if (files.length === 0) return at.invalid("requires at least 1 item");
  if (files.length > MAX_FILES) return at.invalid(`has too many items (maximum is ${MAX_FILES})`);
  return files.map((file) => file.replace(/^\/+/, ""));
};
