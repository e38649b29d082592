/** Which of a job's or workflow's rules counts for an event. */
import type { Conditions } from "../compose/conditions.ts";
import type { Rule } from "../keywords/rules.ts";
import type { Paths } from "./paths.ts";
import type { Scope } from "./scope.ts";

export interface Asked {
  readonly scope: Scope;
  readonly paths: Paths;
  readonly conditions: Conditions;
}

/** The first rule all of whose conditions hold; null if there is none, a text if a condition can't be decided. */
export const firstRule = (rules: readonly Rule[], asked: Asked): Rule | string | null => {
  for (const rule of rules) {
    const holds = allHold(rule, asked);
    if (typeof holds === "string") return holds;
    if (holds) return rule;
  }
  return null;
};

const allHold = (rule: Rule, { scope, paths, conditions }: Asked): boolean | string => {
  if (rule.if !== undefined) {
    const holds = conditions.evaluateIf(rule.if, scope.lookup);
    if (typeof holds !== "boolean") return holds.error;
    if (!holds) return false;
  }
  const expand = (globs: readonly string[]): readonly string[] => globs.map((glob) => scope.expandKnownWhole(glob));
  if (rule.changes !== undefined && !paths.changed(expand(rule.changes.paths), rule.changes.compareTo)) return false;
  return rule.exists === undefined || paths.exist(expand(rule.exists));
};
