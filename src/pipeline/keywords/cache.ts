import { isHash, isList } from "../value.ts";
import { type CacheKey, cacheKey, DEFAULT_CACHE_KEY } from "./cache-key.ts";
import { hashOf } from "./known-keys.ts";
import { texts, textsUpTo } from "./list.ts";
import { attribute, entry, type Reader } from "./reader.ts";
import { boolean, oneOf, text } from "./scalar.ts";

export interface Cache {
  readonly key: CacheKey;
  readonly paths: readonly string[];
  readonly untracked: boolean;
  /** `pull-push`, `pull`, `push`, or a text with a variable, which the runner expands. */
  readonly policy: string;
  readonly when: "on_success" | "on_failure" | "always";
  /** Jobs of protected refs and others share it. */
  readonly unprotect: boolean;
  /** Tried in this order where there is nothing under the key. */
  readonly fallbackKeys: readonly string[];
}

const MAX_CACHES = 4;
const MAX_FALLBACK_KEYS = 5;

/** `cache`: one, or a list of at most four. */
export const caches: Reader<readonly Cache[]> = (value, at) => {
  if (!isHash(value) && !isList(value)) return at.invalid("can only be a Hash or an Array");
  const list = isList(value) ? value : [value];
  if (list.length > MAX_CACHES) return at.invalid(`no more than ${MAX_CACHES} caches can be created`);
  return list.flatMap((item) => (item === null ? [] : (cache(item, isList(value) ? at.at("cache") : at) ?? [])));
};

const cache: Reader<Cache> = hashOf(
  ["key", "untracked", "paths", "when", "policy", "unprotect", "fallback_keys"],
  (hash, at) => ({
    key: entry(hash, "key", at, cacheKey) ?? DEFAULT_CACHE_KEY,
    paths: entry(hash, "paths", at, texts) ?? [],
    untracked: entry(hash, "untracked", at, boolean) ?? false,
    policy: attribute(hash, "policy", at, policy) ?? "pull-push",
    when: attribute(hash, "when", at, oneOf(["on_success", "on_failure", "always"])) ?? "on_success",
    unprotect: entry(hash, "unprotect", at, boolean) ?? false,
    fallbackKeys:
      attribute(
        hash,
        "fallback_keys",
        at,
        textsUpTo(MAX_FALLBACK_KEYS, `has to many entries (maximum ${MAX_FALLBACK_KEYS})`),
      ) ?? [],
  }),
);

const policy: Reader<string> = (value, at) => {
  const read = text(value, at);
  if (read === undefined || /^(?:pull-push|push|pull|\$(?:\w{1,255}|\{\w{1,255}\}))?$/.test(read))
    return read || undefined;
  return at.invalid("should be a variable or one of: pull-push, push, pull");
};
