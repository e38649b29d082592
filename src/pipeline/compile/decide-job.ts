/** Whether a job is in the pipeline of an event, and what its rule changes of it. */
import type { Rule } from "../keywords/rules.ts";
import type { PlannedVariable } from "../plan.ts";
import type { DescribedJob } from "./described-job.ts";
import { inheritedBy, mergeVariables, predefinedOf } from "./job-variables.ts";
import { layerOf, type PipelineVariables } from "./pipeline-variables.ts";
import { isLetIn } from "./policy-outcome.ts";
import type { EventRef } from "./refs.ts";
import { type Asked, firstRule } from "./rules-outcome.ts";
import type { Scope } from "./scope.ts";
import { tagsOf } from "./tag-list.ts";

export interface Event {
  readonly variables: PipelineVariables;
  /** Of the file's top and its workflow's rule. */
  readonly top: ReadonlyMap<string, PlannedVariable>;
  readonly ref: EventRef;
  readonly asked: Omit<Asked, "scope">;
  /** Names of variables that stand in a circle whatever job sees them. */
  readonly circular: readonly string[];
}

export interface DecidedJob {
  readonly job: DescribedJob;
  /** What of its rules counts; null without `rules`. */
  readonly rule: Rule | null;
  /** The file's variables that it takes from the top. */
  readonly inherited: ReadonlyMap<string, PlannedVariable>;
  /** Those of itself and of its matrix. */
  readonly own: ReadonlyMap<string, PlannedVariable>;
  /** Names whose variables are expanded; null without one. */
  readonly environment: string | null;
  readonly resourceGroup: string | null;
  readonly tags: readonly string[];
}

/** Null: it isn't in the pipeline. A text: what is wrong with it. */
export const decideJob = (job: DescribedJob, event: Event): DecidedJob | string | null => {
  const { group, instance } = job;
  const own = mergeVariables(group.keywords.variables ?? [], instance.variables);
  const inherited = inheritedBy(group.inheritVariables, event.top);
  const scopeIn = (environment: string | null): Scope =>
    event.variables.forJob(own, inherited, layerOf(predefinedOf(job, environment)));
  const name = group.keywords.environment?.name;
  const simple = scopeIn(null);
  const environment = name === undefined ? null : simple.expandWhole(name);
  const scope = name === undefined ? simple : scopeIn(environment);
  const rule = group.keywords.rules === undefined ? null : firstRule(group.keywords.rules, { ...event.asked, scope });
  if (typeof rule === "string") return `Failed to parse rule for ${instance.name}: ${rule}`;
  if (group.keywords.rules !== undefined && (rule === null || rule.when === "never")) return null;
  const letIn = isLetIn(group.only, group.except, event.ref, { ...event.asked, scope });
  if (typeof letIn === "string") return `Failed to parse a condition of ${instance.name}: ${letIn}`;
  if (!letIn) return null;
  const { resourceGroup, tags = [] } = group.keywords;
  const names = {
    environment,
    resourceGroup: resourceGroup === undefined ? null : scope.expandWhole(resourceGroup) || null,
    tags: tagsOf(tags.map((tag) => scope.expandKnown(tag))),
  };
  const error = simple.errorIn([]) ?? scope.errorIn([...own.keys(), ...event.circular]);
  if (error !== null) return `${instance.name}: ${error}`;
  return { job, rule, inherited, own, ...names };
};
