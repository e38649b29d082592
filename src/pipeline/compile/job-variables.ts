/** Variables that a job has while it is decided whether it is in the pipeline. */
import { refSlug } from "../../core/ref-slug.ts";
import type { ContextVariable } from "../context.ts";
import type { PlannedVariable } from "../plan.ts";
import type { DescribedJob } from "./described-job.ts";

/** GitLab's predefined ones that are known before there is a job. `environment`: its expanded name. */
export const predefinedOf = ({ group, instance }: DescribedJob, environment: string | null): ContextVariable[] => {
  const { keywords } = group;
  const variables: [string, string][] = [
    ["CI_JOB_NAME", instance.name],
    ["CI_JOB_NAME_SLUG", refSlug(instance.name)],
    ["CI_JOB_GROUP_NAME", groupName(group.name)],
    ["CI_JOB_STAGE", group.stage],
    ["CI_NODE_TOTAL", String(instance.node?.total ?? 1)],
  ];
  if (keywords.when === "manual" || keywords.when === "delayed") variables.push(["CI_JOB_MANUAL", "true"]);
  if (instance.node !== null) variables.push(["CI_NODE_INDEX", String(instance.node.index)]);
  if (environment !== null && keywords.environment !== undefined) {
    const { action, tier, url } = keywords.environment;
    variables.push(["CI_ENVIRONMENT_NAME", environment], ["CI_ENVIRONMENT_ACTION", action]);
    if (tier !== null) variables.push(["CI_ENVIRONMENT_TIER", tier]);
    if (url !== null) variables.push(["CI_ENVIRONMENT_URL", url]);
  }
  return variables.map(([key, value]) => ({ key, value }));
};

/** What jobs called `test 1/3` or `test [a]` by hand are shown as. */
const groupName = (name: string): string =>
  name.replace(/[\s:]+(?:\[[^[\]]*\]|\d+[\s:/\\]+\d+)\s*$/, "").trim() || name;

/** The later of two with one key counts, at the place of the first. */
export const mergeVariables = (
  ...lists: readonly Iterable<PlannedVariable>[]
): ReadonlyMap<string, PlannedVariable> => {
  const merged = new Map<string, PlannedVariable>();
  for (const list of lists) for (const variable of list) merged.set(variable.key, variable);
  return merged;
};

/** Those of the file's top that a job takes. */
export const inheritedBy = (
  inherit: boolean | readonly string[],
  top: ReadonlyMap<string, PlannedVariable>,
): ReadonlyMap<string, PlannedVariable> => {
  if (inherit === true) return top;
  const names = inherit === false ? [] : inherit;
  return new Map(names.flatMap((name) => (top.has(name) ? [[name, top.get(name)] as [string, PlannedVariable]] : [])));
};
