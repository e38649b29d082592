/** What is taken as GitLab takes it, but surprises its users. */
import type { JobKeywords } from "../keywords/job.ts";
import { isEnvironmentName } from "../keywords/environment.ts";
import type { Place, Problem } from "../problem.ts";
import type { DecidedJob } from "./decide-job.ts";

/** `hasWorkflow`: the file has rules for its pipelines. */
export const warnOfSurprises = (
  { rules, allowFailure, needs, when }: JobKeywords,
  hasWorkflow: boolean,
  at: Place,
): void => {
  if (rules === undefined) return;
  const last = rules.at(-1);
  if (!hasWorkflow && last !== undefined && Object.keys(last).join() === "when" && last.when !== "never") {
    at.warn(
      "may allow multiple pipelines to run for a single action due to `rules:when` clause with no `workflow:rules`",
    );
  }
  const blocks = allowFailure === undefined && when !== "manual";
  if (blocks && rules.some((rule) => rule.when === "manual" && rule.allowFailure === undefined)) {
    at.warn(
      "waits for somebody to start it, and the pipeline with it: a manual job of `rules` is not allowed to fail unless it says so",
    );
  }
  if (needs !== undefined && rules.some((rule) => rule.needs?.length === 0)) {
    at.warn("has a rule with an empty `needs`, which changes nothing: the job keeps its own");
  }
};

/** GitLab makes the job and fails it at once. The name isn't shown: what it was made of may be secret. */
export const warnOfEnvironment = ({ job, environment }: DecidedJob, problems: Problem[]): void => {
  if (environment === null || isEnvironmentName(environment)) return;
  const at = job.group.place.tellingTo(problems);
  at.at("environment").warn("has a name that is none once its variables are expanded, and so the job fails at once");
};
