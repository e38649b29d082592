/** What a build knows of its pipeline: a copy made when the build is created. */
export interface PipelineRef {
  readonly id: number;
  /** Its number within the project. */
  readonly iid: number;
  readonly source: PipelineSource;
  readonly createdAtMs: number;
}

/** What makes a pipeline, in GitLab's words for `CI_PIPELINE_SOURCE`. */
export const PIPELINE_SOURCES = [
  "push",
  "web",
  "trigger",
  "schedule",
  "api",
  "external",
  "pipeline",
  "chat",
  "webide",
  "merge_request_event",
  "external_pull_request_event",
  "parent_pipeline",
  "ondemand_dast_scan",
  "ondemand_dast_validation",
  "security_orchestration_policy",
] as const;

export type PipelineSource = (typeof PIPELINE_SOURCES)[number];

/** Of a build that was created alone: it is all of its pipeline. */
export const lonePipeline = (id: number, createdAtMs: number): PipelineRef => ({
  id,
  iid: id,
  source: "api",
  createdAtMs,
});
