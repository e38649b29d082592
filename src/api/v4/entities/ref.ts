/** Branches, tags and commits as GitLab's v4 writes them, by the latest build of each. */
import type { BuildSummary } from "../../../core/build/summary.ts";
import type { Project } from "../../../core/project.ts";
import { commitEntity } from "./commit.ts";
import { pipelineEntity } from "./job.ts";

const urlOf = (project: Project, origin: string): string => `${origin}/${project.path}`;

export const branchEntity = (build: BuildSummary, project: Project, origin: string) => ({
  name: build.ref,
  commit: commitEntity(build, urlOf(project, origin)),
  merged: false,
  protected: false,
  developers_can_push: false,
  developers_can_merge: false,
  can_push: true,
  default: build.ref === project.defaultBranch,
  web_url: `${urlOf(project, origin)}/-/tree/${encodeURIComponent(build.ref).replaceAll("%2F", "/")}`,
});

export const tagEntity = (build: BuildSummary, project: Project, origin: string) => {
  const commit = commitEntity(build, urlOf(project, origin));
  return {
    name: build.ref,
    message: "",
    target: build.sha,
    commit,
    release: null,
    protected: false,
    created_at: commit.created_at,
  };
};

export const commitWithPipelineEntity = (build: BuildSummary, project: Project, origin: string) => ({
  ...commitEntity(build, urlOf(project, origin)),
  project_id: project.id,
  status: build.status,
  last_pipeline: pipelineEntity(build, urlOf(project, origin)),
});
