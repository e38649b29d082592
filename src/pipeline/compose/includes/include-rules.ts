/** `include:rules`: whether an element of `include` counts. The first rule that holds decides; without one it doesn't. */
import { Place, type Problem } from "../../problem.ts";
import { valueText } from "../../scalar-text.ts";
import { type Hash, isHash, isList, type Value } from "../../value.ts";
import { MAX_TEXT } from "../../yaml/read-yaml.ts";
import type { Conditions } from "../conditions.ts";
import type { IncludeVariables } from "../variables.ts";
import type { Work } from "../work.ts";

export interface RuleFacts {
  readonly conditions: Conditions;
  readonly variables: IncludeVariables;
  /** Null: not known. Then `changes` holds and `exists` doesn't. */
  readonly changedPaths: readonly string[] | null;
  readonly tree: readonly string[] | null;
  readonly work: Work;
}

const KEYS = ["if", "exists", "when", "changes"];

export const rulesHold = (rules: Value | undefined, facts: RuleFacts, problems: Problem[], file: string): boolean => {
  if (rules === undefined || rules === null) return true;
  const place = new Place(problems, "include:rules", file);
  if (!isList(rules)) {
    place.error("config should be an array");
    return false;
  }
  for (const rule of rules.flat(MAX_NESTING) as readonly Value[]) {
    const at = place.at("rule");
    if (!isHash(rule) || rule.size === 0) at.error(isHash(rule) ? "config can't be blank" : "config should be a hash");
    else if (isValid(rule, at) && holds(rule, facts, at)) return rule.get("when") !== "never";
  }
  return false;
};

/** As many lists in lists as in a job's rules. */
const MAX_NESTING = 10;

const isValid = (rule: Hash, place: Place): boolean => {
  const unknown = [...rule.keys()].filter((key) => !KEYS.includes(key));
  if (unknown.length > 0) place.error(`config contains unknown keys: ${unknown.join(", ")}`);
  const when = rule.get("when") ?? "always";
  const known = when === "always" || when === "never";
  if (!known) place.error(`when unknown value: ${valueText(when)}`);
  return unknown.length === 0 && known;
};

const holds = (rule: Hash, facts: RuleFacts, place: Place): boolean =>
  ifHolds(rule.get("if") ?? null, facts, place) &&
  pathsHold(rule.get("changes") ?? null, facts, place.at("changes"), facts.changedPaths, true) &&
  pathsHold(rule.get("exists") ?? null, facts, place.at("exists"), facts.tree, false);

const ifHolds = (condition: Value, facts: RuleFacts, place: Place): boolean => {
  if (condition === null) return true;
  if (typeof condition !== "string") {
    place.error("if invalid expression syntax");
    return false;
  }
  const result = facts.conditions.evaluateIf(condition, facts.variables.lookup);
  if (typeof result === "boolean") return result;
  place.error(`if ${result.error}`);
  return false;
};

/** `changes` and `exists`: a list of globs, or a hash with `paths`. */
const pathsHold = (
  value: Value,
  { conditions, variables, work }: RuleFacts,
  place: Place,
  paths: readonly string[] | null,
  ifUnknown: boolean,
): boolean => {
  if (value === null) return true;
  if (isHash(value) && value.has("project")) place.error("project is not supported");
  const given = isHash(value) ? (value.get("paths") ?? null) : value;
  const list = isList(given) ? given.flat(MAX_NESTING) : [given];
  if (!list.every((item) => typeof item === "string")) {
    place.error("config should be an array of strings");
    return false;
  }
  if (paths === null) {
    if (!ifUnknown) place.warn("does not hold: the files of the repository are not known");
    return ifUnknown;
  }
  const globs = list.map((glob) => variables.expand(glob, MAX_TEXT) ?? "");
  work.spend((globs.length * paths.length) / 8);
  return conditions.matchesPath(globs, paths);
};
