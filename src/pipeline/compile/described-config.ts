/** What a composed config says, read and checked, before any event is known. */
import type { ComposedConfig } from "../compose/composed.ts";
import { checkDefault, checkOldGlobals } from "../keywords/default.ts";
import { entry } from "../keywords/reader.ts";
import { SharedValues } from "../keywords/shared-values.ts";
import { DEFAULT_STAGES, stages } from "../keywords/stages.ts";
import { type PrefilledVariable, topVariables } from "../keywords/variables.ts";
import { NO_WORKFLOW, type Workflow, workflow } from "../keywords/workflow.ts";
import { Place, type Problem } from "../problem.ts";
import { type Hash, isHash, isGiven } from "../value.ts";
import { describeJobs } from "./describe-jobs.ts";
import type { DescribedJob } from "./described-job.ts";
import { checkGraph } from "./graph.ts";
import { readGroups } from "./groups.ts";

export interface DescribedConfig {
  /** All, in their order. */
  readonly stages: readonly string[];
  readonly workflow: Workflow;
  /** Of the file's top. */
  readonly variables: readonly PrefilledVariable[];
  /** In the file's order. */
  readonly jobs: ReadonlyMap<string, DescribedJob>;
  /** Those of composing first. */
  readonly problems: readonly Problem[];
}

export const describeConfig = (config: ComposedConfig): DescribedConfig => {
  const problems: Problem[] = [...config.problems];
  const { top } = config;
  const at = new Place(problems);
  const shared = new SharedValues();
  const defaults = top.get("default");
  if (isHash(defaults)) checkDefault(defaults, at.at("default"), shared);
  checkOldGlobals(top, at, shared);
  const read = {
    stages: entry(top, "stages", at, stages) ?? DEFAULT_STAGES,
    workflow: entry(top, "workflow", at, workflow) ?? NO_WORKFLOW,
    variables: entry(top, "variables", at, topVariables) ?? [],
  };
  const groups = readGroups(config, { shared, hasWorkflow: hasRules(top), problems });
  const jobs = describeJobs(groups);
  checkGraph(jobs, read.stages, (name) => config.broken.has(name) || config.merged.has(name) || groups.length === 0);
  if (!hasError(problems) && groups.length === 0) at.error("jobs config should contain at least one visible job");
  return { ...read, jobs, problems: unique(problems) };
};

const hasRules = (top: Hash): boolean => {
  const given = top.get("workflow");
  return isHash(given) && isGiven(given, "rules");
};

export const hasError = (problems: readonly Problem[]): boolean => problems.some(({ kind }) => kind === "error");

/** Instances of one job may say the same. */
export const unique = (problems: readonly Problem[]): readonly Problem[] => [
  ...new Map(problems.map((problem) => [`${problem.file ?? ""}\n${problem.message}`, problem])).values(),
];
