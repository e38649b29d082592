/** A plan as a text to be read: a line per stage and per job, with what is not the usual. */
import { shownName } from "../../core/text.ts";
import type { Plan, PlannedJob } from "../plan.ts";

export const planText = ({ name, stages, autoCancel, jobs }: Plan): string => {
  const lines: string[] = [];
  if (name !== null) lines.push(`"${shownName(name)}"`);
  if (autoCancel.onNewCommit !== "conservative") lines.push(`a new commit cancels: ${autoCancel.onNewCommit}`);
  if (autoCancel.onJobFailure !== "none") lines.push(`a job that fails cancels: ${autoCancel.onJobFailure}`);
  for (const stage of stages) {
    lines.push(shownName(stage));
    for (const job of jobs) if (job.stage === stage) lines.push(`  ${jobLine(job)}`);
  }
  return lines.join("\n");
};

const jobLine = (job: PlannedJob): string =>
  [job.name, ...startOf(job), ...failureOf(job), ...inputsOf(job), ...placeOf(job), ...resultsOf(job)]
    .map(shownName)
    .join(" | ");

const startOf = ({ when, startInSeconds, needs, manualConfirmation }: PlannedJob): readonly string[] => {
  const parts: string[] = [];
  if (when === "delayed") parts.push(`after ${startInSeconds} s`);
  else if (when !== "on_success") parts.push(when);
  if (manualConfirmation !== null) parts.push(`asks "${manualConfirmation}"`);
  if (needs !== null && needs.length === 0) parts.push("at once");
  if (needs !== null && needs.length > 0) {
    parts.push(`needs ${needs.map(({ job, artifacts }) => (artifacts ? job : `${job} (no artifacts)`)).join(", ")}`);
  }
  return parts;
};

const failureOf = ({ allowFailure, allowFailureExitCodes, retry }: PlannedJob): readonly string[] => {
  const parts: string[] = [];
  if (allowFailure) parts.push("may fail");
  else if (allowFailureExitCodes.length > 0) parts.push(`may fail with ${allowFailureExitCodes.join(", ")}`);
  if (retry.max > 0) {
    const reasons = [...retry.when.filter((reason) => reason !== "always"), ...retry.exitCodes.map(String)];
    parts.push(`retried ${retry.max}×${reasons.length > 0 ? ` for ${reasons.join(", ")}` : ""}`);
  }
  return parts;
};

const inputsOf = ({ dependencies, needs, cache }: PlannedJob): readonly string[] => {
  const parts: string[] = [];
  // Beside `needs` it is what they say themselves.
  if (needs === null && dependencies !== null) parts.push(`artifacts of ${dependencies.join(", ") || "none"}`);
  for (const { key, policy } of cache) {
    const name = typeof key === "string" ? key : `files ${key.files.join(", ")}`;
    parts.push(`cache ${name}${policy === "pull-push" ? "" : ` (${policy})`}`);
  }
  return parts;
};

const placeOf = ({
  image,
  services,
  tags,
  timeoutSeconds,
  resourceGroup,
  interruptible,
}: PlannedJob): readonly string[] => {
  const parts: string[] = [];
  if (image !== null) parts.push(`in ${image.name}`);
  if (services.length > 0) parts.push(`with ${services.map((service) => service.name).join(", ")}`);
  if (tags.length > 0) parts.push(`tags ${tags.join(", ")}`);
  if (timeoutSeconds !== null) parts.push(`${timeoutSeconds} s at most`);
  if (resourceGroup !== null) parts.push(`one at a time in ${resourceGroup}`);
  if (interruptible) parts.push("interruptible");
  return parts;
};

const resultsOf = ({ artifacts, environment, release, pages }: PlannedJob): readonly string[] => {
  const parts: string[] = [];
  if (artifacts !== null) {
    const reports = Object.keys(artifacts.reports ?? {});
    parts.push(`keeps ${[...(artifacts.paths ?? []), ...reports.map((type) => `report ${type}`)].join(", ")}`);
  }
  if (environment !== null) {
    const { name, action } = environment;
    parts.push(`environment ${name}${action === "start" ? "" : ` (${action})`}`);
  }
  if (release !== null) parts.push(`releases ${release.tagName}`);
  if (pages !== null) parts.push(`publishes ${pages.publish}`);
  return parts;
};
