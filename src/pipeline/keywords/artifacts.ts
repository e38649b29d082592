import type { ArtifactsSpec } from "../../core/build/spec.ts";
import type { Place } from "../problem.ts";
import { type Hash, isGiven } from "../value.ts";
import { durationText } from "./duration.ts";
import { excludeTogether, hashOf } from "./known-keys.ts";
import { texts } from "./list.ts";
import { attribute, defined, entry, type Reader } from "./reader.ts";
import { reports } from "./reports.ts";
import { boolean, oneOf, text } from "./scalar.ts";

export interface Artifacts extends ArtifactsSpec {
  /** What the artifacts are called in a merge request. */
  readonly exposeAs?: string;
  /** Who may read them; `public: false` is `developer`. */
  readonly access?: Access;
}

export type Access = "none" | "developer" | "maintainer" | "all";

const KEYS = `
  name untracked paths reports when expire_in expose_as exclude public access
`
  .trim()
  .split(/\s+/);

/** `artifacts`. Variables in names and paths are expanded by the runner. */
export const artifacts: Reader<Artifacts> = hashOf(KEYS, (hash, at) => {
  excludeTogether(hash, at, ["access", "public"]);
  const isPublic = attribute(hash, "public", at, boolean);
  return defined({
    name: attribute(hash, "name", at, text),
    untracked: attribute(hash, "untracked", at, boolean),
    paths: attribute(hash, "paths", at, texts),
    exclude: attribute(hash, "exclude", at, texts),
    when: attribute(hash, "when", at, oneOf(["on_success", "on_failure", "always"])),
    expireIn: attribute(hash, "expire_in", at, durationText),
    reports: entry(hash, "reports", at, reports),
    exposeAs: exposeAs(hash, at),
    access:
      attribute(hash, "access", at, oneOf(["none", "developer", "maintainer", "all"])) ??
      (isPublic === false ? "developer" : undefined),
  });
});

const MAX_EXPOSED_NAME = 100;

const exposeAs = (hash: Hash, at: Place): string | undefined => {
  if (!isGiven(hash, "expose_as")) return undefined;
  const paths = hash.get("paths") ?? [];
  if (!Array.isArray(paths) || paths.length === 0) at.attribute("paths").invalid("can't be blank");
  else if (paths.some((path) => typeof path === "string" && path.includes("*"))) {
    at.attribute("paths").invalid("can't contain '*' when used with 'expose_as'");
  }
  return attribute(hash, "expose_as", at, (value, place) => {
    const name = text(value, place);
    if (name === undefined) return undefined;
    if (name.length > MAX_EXPOSED_NAME) return place.invalid(`is too long (maximum is ${MAX_EXPOSED_NAME} characters)`);
    return /^\w[-\w ]*$/.test(name) ? name : place.invalid("can contain only letters, digits, '-', '_' and spaces");
  });
};
