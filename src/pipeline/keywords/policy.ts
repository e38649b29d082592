import type { Place } from "../problem.ts";
import { isHash, isList, type Value } from "../value.ts";
import { checkKeys } from "./known-keys.ts";
import { texts } from "./list.ts";
import { attribute, defined, type Reader } from "./reader.ts";
import { isExpression } from "../expressions/evaluate.ts";
import { isPattern, looksLikePattern } from "../expressions/pattern-syntax.ts";

/** `only` or `except`. Undefined: it says nothing about it. */
export interface Policy {
  /** Keywords such as `branches`, names, `/patterns/`; each may end in `@group/project`. */
  readonly refs?: readonly string[];
  /** Expressions as in `rules:if`. */
  readonly variables?: readonly string[];
  /** Globs. */
  readonly changes?: readonly string[];
  /** The cluster that GitLab once managed is there. */
  readonly kubernetes?: true;
}

/** What a job has that says neither `only` nor `rules`. */
export const DEFAULT_ONLY: Policy = { refs: ["branches", "tags"] };

/** `only` and `except`: a list of refs, or a hash. */
export const policy: Reader<Policy> = (value, at) => {
  if (isList(value)) return defined({ refs: refs(value, at) });
  if (!isHash(value)) return at.error("has to be either an array of conditions or a hash");
  if (value.size === 0) return at.invalid("can't be blank");
  checkKeys(value, at, ["refs", "kubernetes", "variables", "changes"]);
  return defined({
    refs: attribute(value, "refs", at, refs),
    variables: attribute(value, "variables", at, expressions),
    changes: attribute(value, "changes", at, texts),
    kubernetes: attribute(value, "kubernetes", at, kubernetes),
  });
};

const refs = (value: Value, at: Place): readonly string[] | undefined => {
  const valid =
    isList(value) && value.every((item) => typeof item === "string" && (!looksLikePattern(item) || isPattern(item)));
  return valid ? texts(value, at) : at.invalid("should be an array of strings or regular expressions using re2 syntax");
};

const expressions = (value: Value, at: Place): readonly string[] | undefined => {
  const read = texts(value, at);
  return read === undefined || read.every(isExpression) ? read : at.invalid("invalid expression syntax");
};

const kubernetes = (value: Value, at: Place): true | undefined => {
  if (value !== "active")
    return at.invalid(`unknown value: ${typeof value === "string" ? value : "it must be active"}`);
  at.warn("kubernetes is never active: Signalbox manages no clusters");
  return true;
};
