/** What a runner gets with a build: the claim's answer, before a dialect gives it its shape. */
import type { BuildSummary } from "./summary.ts";
import type { BuildSpec, ProjectSnapshot } from "./spec.ts";

export interface ClaimedDependency {
  readonly build: BuildSummary;
  /** Downloads its archive, if it has one, while the claiming attempt runs, and nothing else. */
  readonly downloadToken: string;
}

export interface ClaimedBuild {
  readonly summary: BuildSummary;
  /** The secret of this attempt. */
  readonly token: string;
  readonly spec: BuildSpec;
  readonly project: ProjectSnapshot;
  readonly dependencies: readonly ClaimedDependency[];
}
