/** From what a file describes and an event to the plan of its pipeline. */
import type { ComposeInput } from "../compose/compose.ts";
import type { PipelineContext } from "../context.ts";
import type { Rule } from "../keywords/rules.ts";
import { POST, PRE } from "../keywords/stages.ts";
import type { Plan, PlannedJob, PlannedVariable } from "../plan.ts";
import { Place, type Problem } from "../problem.ts";
import { type DecidedJob, decideJob, type Event } from "./decide-job.ts";
import { tooMany } from "./describe-jobs.ts";
import type { DescribedConfig } from "./described-config.ts";
import type { DescribedJob } from "./described-job.ts";
import { mergeVariables } from "./job-variables.ts";
import { MAX_NEEDS, MAX_PIPELINE_JOBS } from "./limits.ts";
import { Paths } from "./paths.ts";
import { PipelineVariables } from "./pipeline-variables.ts";
import { needsOf, planJob } from "./plan-job.ts";
import { eventRef } from "./refs.ts";
import { firstRule } from "./rules-outcome.ts";
import { warnOfEnvironment } from "./warnings.ts";

export type MadePlan =
  | { readonly kind: "plan"; readonly plan: Plan }
  /** There is no pipeline for the event; why, for people. */
  | { readonly kind: "nothing"; readonly reason: string }
  /** At least one was told. */
  | { readonly kind: "errors" };

export const FILTERED_BY_WORKFLOW =
  "The pipeline did not run. Review the workflow:rules configuration for the pipeline.";
export const FILTERED_BY_RULES =
  "The resulting pipeline would have been empty. Review the rules configuration for the relevant jobs.";

/**
 * What is wrong and what surprises in this event is told to `problems`; `path` is the config's file.
 * `project`: `group/project`, for `@group/project` in `only` and `except`; null if it has no name.
 */
export const makePlan = (
  config: DescribedConfig,
  { context, project, conditions, path }: Pick<ComposeInput, "context" | "project" | "conditions" | "path">,
  problems: Problem[],
): MadePlan => {
  const paths = new Paths(context, conditions);
  const made = new Maker(config, context, project, { paths, conditions }, problems, path).make();
  const at = new Place(problems, "", path);
  for (const note of paths.notes) at.warn(note);
  return made;
};

class Maker {
  readonly #config: DescribedConfig;
  readonly #variables: PipelineVariables;
  readonly #asked: Event["asked"];
  readonly #ref: Event["ref"];
  readonly #problems: Problem[];
  readonly #place: Place;

  constructor(
    config: DescribedConfig,
    context: PipelineContext,
    project: string | null,
    asked: Event["asked"],
    problems: Problem[],
    path: string,
  ) {
    this.#config = config;
    this.#problems = problems;
    this.#place = new Place(problems, "", path);
    this.#variables = new PipelineVariables(context);
    this.#asked = asked;
    this.#ref = eventRef(context, project);
  }

  make(): MadePlan {
    const { rules } = this.#config.workflow;
    const scope = this.#variables.forPipeline(this.#config.variables);
    const rule = rules === null ? {} : firstRule(rules, { ...this.#asked, scope });
    if (typeof rule === "string") return this.#fail(`Failed to parse rule for workflow: ${rule}`);
    if (rule === null || rule.when === "never") return { kind: "nothing", reason: FILTERED_BY_WORKFLOW };
    return this.#jobs(rule, mergeVariables(this.#top(), rule.variables ?? []));
  }

  /** Without what is for people who start a pipeline by hand. */
  #top(): readonly PlannedVariable[] {
    return this.#config.variables.map(({ key, value, raw }) => ({ key, value, raw }));
  }

  #jobs(workflowRule: Rule, top: ReadonlyMap<string, PlannedVariable>): MadePlan {
    const scope = this.#variables.forPipeline([...top.values()]);
    const all = [...top.keys(), ...this.#variables.names()];
    const circular = scope.errorIn(all) === null ? [] : all;
    const event: Event = { variables: this.#variables, top, ref: this.#ref, asked: this.#asked, circular };
    const decided = this.#decide(event);
    if (decided === null) return { kind: "errors" };
    if (decided.size > MAX_PIPELINE_JOBS) {
      return this.#fail(`The number of jobs has exceeded the limit of ${MAX_PIPELINE_JOBS}.`);
    }
    const jobs = this.#inStages([...decided.values()].map((job) => planJob(job, (name) => decided.has(name))));
    const stages = [...new Set(jobs.map(({ stage }) => stage))];
    if (stages.every((stage) => stage === PRE || stage === POST)) return { kind: "nothing", reason: FILTERED_BY_RULES };
    const name = scope.expandWhole(this.#config.workflow.name ?? "").trim();
    if (name.length > MAX_NAME) {
      return this.#fail(`Failed to build pipeline metadata! Name is too long (maximum is ${MAX_NAME} characters)`);
    }
    const cancel = { ...this.#config.workflow.autoCancel, ...workflowRule.autoCancel };
    const autoCancel = {
      onNewCommit: cancel.onNewCommit ?? "conservative",
      onJobFailure: cancel.onJobFailure ?? "none",
    } as const;
    return { kind: "plan", plan: { name: name === "" ? null : name, stages, autoCancel, jobs } };
  }

  /** The jobs that are in the pipeline; null if something is wrong with one of them. */
  #decide(event: Event): ReadonlyMap<string, DecidedJob> | null {
    const decided = new Map<string, DecidedJob>();
    let fine = true;
    const tell = ({ group }: DescribedJob, errors: readonly string[]): void => {
      for (const error of errors) group.place.tellingTo(this.#problems).errorWithoutPlace(error);
      fine &&= errors.length === 0;
    };
    for (const [name, job] of this.#config.jobs) {
      const outcome = decideJob(job, event);
      if (typeof outcome === "string") tell(job, [outcome]);
      else if (outcome !== null) decided.set(name, outcome);
    }
    for (const [name, one] of decided) {
      tell(one.job, needsErrors(name, one, decided));
      warnOfEnvironment(one, this.#problems);
    }
    return fine ? decided : null;
  }

  #fail(message: string): MadePlan {
    this.#place.error(message);
    return { kind: "errors" };
  }

  #inStages(jobs: readonly PlannedJob[]): readonly PlannedJob[] {
    const order = new Map(this.#config.stages.map((stage, at) => [stage, at]));
    return jobs.toSorted((one, other) => (order.get(one.stage) ?? 0) - (order.get(other.stage) ?? 0));
  }
}

const MAX_NAME = 255;

const needsErrors = (name: string, job: DecidedJob, decided: ReadonlyMap<string, DecidedJob>): readonly string[] => {
  const needs = needsOf(job);
  if (needs === null) return [];
  if (needs.count > MAX_NEEDS) return [`${name}: ${tooMany(needs.count)}`];
  return needs.list
    .filter((need) => !need.optional && !decided.has(need.job))
    .map(
      (need) =>
        `'${name}' job needs '${need.job}' job, but '${need.job}' does not exist in the pipeline. ` +
        "This might be because of the only, except, or rules keywords. " +
        "To need a job that sometimes does not exist in the pipeline, use needs:optional.",
    );
};
