/** Under which keys a build finds its caches. */
import type { BuildSpec, CacheSpec } from "./spec.ts";

/** GitLab's, where a file names none. */
const DEFAULT_KEY = "default";

/**
 * The caches with GitLab's suffix: what an unprotected ref has put into a cache must not reach a protected one. `unprotect`
 * shares a cache between them.
 */
export const separatedCaches = ({ cache, refProtected }: Pick<BuildSpec, "cache" | "refProtected">): CacheSpec[] =>
  cache.map(({ unprotect = false, key = DEFAULT_KEY, fallbackKeys, ...rest }) => {
    const suffix = unprotect ? "" : refProtected ? "-protected" : "-non_protected";
    const suffixed = fallbackKeys?.map((each) => `${each}${suffix}`);
    return { ...rest, key: `${key}${suffix}`, ...(suffixed === undefined ? {} : { fallbackKeys: suffixed }) };
  });
