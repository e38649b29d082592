/**
 * What a file asks for in one event: the jobs that will be, in their stages, with all that they need to run. Plain data
 * (it can be stored and sent), made by `compile`, read by `progress` and by whoever queues a job's build.
 */
import type { ArtifactsSpec, CacheSpec, ImageSpec, Variable } from "../core/build/spec.ts";

export interface Plan {
  /** `workflow:name`, expanded; null without one. */
  readonly name: string | null;
  /** Only stages that have jobs, in their order; `.pre` first and `.post` last. */
  readonly stages: readonly string[];
  readonly autoCancel: {
    readonly onNewCommit: "conservative" | "interruptible" | "none";
    readonly onJobFailure: "all" | "none";
  };
  /** Of the file's top and its workflow, for the whole pipeline. */
  readonly variables: readonly Variable[];
  /** In the order of stages, then of the file. Names are unique. */
  readonly jobs: readonly PlannedJob[];
}

export interface PlannedJob {
  readonly name: string;
  /** The name in the file, without `i/N` and `: [a, b]`. */
  readonly group: string;
  readonly stage: string;
  readonly when: "on_success" | "on_failure" | "always" | "manual" | "delayed";
  /** Of a delayed job. */
  readonly startInSeconds: number | null;
  readonly allowFailure: boolean;
  /** Exit codes that are allowed where `allowFailure` is false. */
  readonly allowFailureExitCodes: readonly number[];
  /** Null: all of the earlier stages. An empty list: nothing, the job starts at once. */
  readonly needs: readonly PlannedNeed[] | null;
  /** Names of jobs whose artifacts are fetched; null: of all that it waits for. */
  readonly dependencies: readonly string[] | null;
  readonly beforeScript: readonly string[];
  readonly script: readonly string[];
  readonly afterScript: readonly string[];
  readonly preGetSourcesScript: readonly string[];
  readonly image: ImageSpec | null;
  readonly services: readonly ImageSpec[];
  /** The job's own, those of its rules, matrix and `parallel`, later ones first in precedence. Those of the file's top
   * that it inherits come before them. */
  readonly variables: readonly Variable[];
  readonly artifacts: ArtifactsSpec | null;
  readonly cache: readonly CacheSpec[];
  readonly tags: readonly string[];
  readonly timeoutSeconds: number | null;
  readonly retry: PlannedRetry;
  /** `i` of `N`, from 1; null without `parallel`. */
  readonly node: { readonly index: number; readonly total: number } | null;
  readonly resourceGroup: string | null;
  readonly interruptible: boolean;
  readonly environment: PlannedEnvironment | null;
  /** The source of a regular expression, without slashes. */
  readonly coverage: string | null;
  readonly release: PlannedRelease | null;
  /** The job publishes pages. */
  readonly pages: boolean;
  readonly manualConfirmation: string | null;
}

export interface PlannedNeed {
  readonly job: string;
  readonly artifacts: boolean;
  readonly optional: boolean;
}

export interface PlannedRetry {
  /** 0 to 2. */
  readonly max: number;
  /** Failure reasons; `always` for all. */
  readonly when: readonly string[];
  readonly exitCodes: readonly number[];
}

export interface PlannedEnvironment {
  readonly name: string;
  readonly url: string | null;
  readonly action: "start" | "prepare" | "stop" | "verify" | "access";
  readonly onStop: string | null;
  readonly autoStopIn: string | null;
  readonly tier: string | null;
}

export interface PlannedRelease {
  readonly tagName: string;
  readonly tagMessage: string | null;
  readonly name: string | null;
  readonly description: string;
  readonly ref: string | null;
  readonly milestones: readonly string[];
  readonly releasedAt: string | null;
  readonly assetLinks: readonly {
    readonly name: string;
    readonly url: string;
    readonly type: string | null;
    readonly filepath: string | null;
  }[];
}
