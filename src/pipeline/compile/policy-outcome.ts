/** Whether `only` and `except` let a job into a pipeline. */
import type { Policy } from "../keywords/policy.ts";
import { type EventRef, matchesRefs } from "./refs.ts";
import type { Asked } from "./rules-outcome.ts";

/** All that `only` says must hold, and nothing that `except` says. A text if an expression can't be decided. */
export const isLetIn = (
  only: Policy | null,
  except: Policy | null,
  event: EventRef,
  asked: Asked,
): boolean | string => {
  const wanted = conditionsOf(only, event, asked);
  const refused = conditionsOf(except, event, asked);
  const broken = [...wanted, ...refused].find((outcome) => typeof outcome === "string");
  if (typeof broken === "string") return broken;
  return wanted.every((outcome) => outcome === true) && !refused.includes(true);
};

/** One for each of the policy's keys. */
const conditionsOf = (
  policy: Policy | null,
  event: EventRef,
  { scope, paths, conditions }: Asked,
): readonly (boolean | string)[] => {
  if (policy === null) return [];
  const outcomes: (boolean | string)[] = [];
  if (policy.refs !== undefined) outcomes.push(matchesRefs(policy.refs, event, conditions));
  if (policy.variables !== undefined) {
    const held = policy.variables.map((text) => conditions.evaluateIf(text, scope.lookup));
    const failed = held.find((one) => typeof one !== "boolean");
    outcomes.push(typeof failed === "object" ? failed.error : held.includes(true));
  }
  // These globs keep their variables: GitLab expands them in `rules` alone.
  if (policy.changes !== undefined) outcomes.push(paths.changed(policy.changes, null));
  // Signalbox manages no clusters.
  if (policy.kubernetes !== undefined) outcomes.push(false);
  return outcomes;
};
