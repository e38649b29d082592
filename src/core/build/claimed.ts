/** What a runner gets with a build: the claim's answer, before a dialect gives it its shape. */
import type { DotenvVariable } from "../artifact/dotenv.ts";
import type { BuildSummary } from "./summary.ts";
import type { BuildSpec, ProjectSnapshot } from "./spec.ts";

export interface ClaimedDependency {
  readonly build: BuildSummary;
  /** Downloads its archive, if it has one, while the claiming attempt runs, and nothing else. */
  readonly downloadToken: string;
  /** What it hands on to its dependants: the variables of its dotenv report. */
  readonly variables: readonly DotenvVariable[];
  /** There were artifacts, and they are gone: not deleted by hand, which is somebody's wish. */
  readonly lost: "expired" | "erased" | null;
}

export interface ClaimedBuild {
  readonly summary: BuildSummary;
  /** The secret of this attempt. */
  readonly token: string;
  readonly spec: BuildSpec;
  readonly project: ProjectSnapshot;
  readonly dependencies: readonly ClaimedDependency[];
}

/** How the queue stood when it handed out a build. */
export interface QueueFigures {
  /** Builds that this runner could have had, this one among them. */
  readonly queueSize: number;
  /** How many of them were looked at until this one was found. */
  readonly queueDepth: number;
  /** Other builds of the project that instance runners hold; null when this is no instance runner. */
  readonly projectRunningOnInstanceRunners: number | null;
}
