/** Jobs for an answer: with their projects, and with what a pending one waits for. */
import type { Project } from "../../core/project.ts";
import type { BuildSummary } from "../../core/build/summary.ts";
import { originOf } from "../../http/public-url.ts";
import type { FrontContext } from "../../http/front.ts";
import { pendingReasons } from "../../verbs/builds.ts";
import { jobEntity } from "./entities.ts";

/** Builds of a project that is not among `projects` are left out: it is gone. */
export const presentJobs = async (
  context: FrontContext,
  builds: readonly BuildSummary[],
  projects: readonly Project[],
): Promise<object[]> => {
  const reasons = await pendingReasons(context.env, builds);
  const nowMs = Date.now();
  return builds.flatMap((build) => {
    const project = projects.find((each) => each.id === build.projectId);
    if (project === undefined) return [];
    const pendingReason = reasons.get(build.id) ?? null;
    return [jobEntity(build, { project, origin: originOf(context), nowMs, pendingReason })];
  });
};

export const presentJob = async (
  context: FrontContext,
  build: BuildSummary,
  project: Project,
): Promise<object | undefined> => (await presentJobs(context, [build], [project]))[0];
