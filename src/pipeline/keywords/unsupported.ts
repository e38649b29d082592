import type { Place } from "../problem.ts";
import { type Hash, isGiven } from "../value.ts";

/** Keywords that GitLab has and Signalbox doesn't, with what they are about. */
const UNSUPPORTED: ReadonlyMap<string, string> = new Map([
  ["trigger", "pipelines that start other pipelines"],
  ["secrets", "secrets from a vault"],
  ["id_tokens", "ID tokens"],
  ["identity", "identities at cloud providers"],
  ["run", "steps"],
  ["inputs", "inputs of single jobs"],
  ["dast_configuration", "profiles for DAST"],
]);

export const UNSUPPORTED_KEYS: readonly string[] = [...UNSUPPORTED.keys()];

/** Tells of each of them that stands in a job or in `default`. */
export const refuseUnsupported = (hash: Hash, at: Place): void => {
  for (const [key, what] of UNSUPPORTED) {
    if (isGiven(hash, key)) at.at(key).error(`is not supported: Signalbox has no ${what}`);
  }
};
