/** Jobs for an answer: with their projects, and with what a pending one waits for. */
import type { Project } from "../../core/project.ts";
import type { BuildSummary } from "../../core/build/summary.ts";
import { originOf } from "../../http/public-url.ts";
import type { FrontContext } from "../../http/front.ts";
import { lookAround } from "../../verbs/builds.ts";
import { jobEntity } from "./entities/job.ts";

/** Builds of a project that is not among `projects` are left out: it is gone. */
export const presentJobs = async (
  context: FrontContext,
  builds: readonly BuildSummary[],
  projects: readonly Project[],
  namesProject = false,
): Promise<object[]> => {
  const { pendingReasons, ranBy } = await lookAround(context.env, builds);
  const nowMs = Date.now();
  return builds.flatMap((build) => {
    const project = projects.find((each) => each.id === build.projectId);
    if (project === undefined) return [];
    const pendingReason = pendingReasons.get(build.id) ?? null;
    const { runner, machine } = ranBy.get(build.id) ?? { runner: null, machine: null };
    const around = { project, origin: originOf(context), nowMs, pendingReason, runner, machine, namesProject };
    return [jobEntity(build, around)];
  });
};

export const presentJob = async (
  context: FrontContext,
  build: BuildSummary,
  project: Project,
): Promise<object | undefined> => (await presentJobs(context, [build], [project]))[0];
