/**
 * What a file asks for in one event: the jobs that will be, in their stages, with all that they need to run. Plain data
 * (it can be stored and sent), made by `compile`, read by `progress` and by whoever queues a job's build.
 *
 * Expanded already, as GitLab does when it makes a pipeline: the pipeline's name, tags, resource groups and the names of
 * environments. All else keeps its variables: the runner expands image, services, artifacts and cache, and the URL of an
 * environment is expanded once the job has ended.
 */
import type { ImageSpec } from "../core/build/spec.ts";
import type { Artifacts } from "./keywords/artifacts.ts";
import type { Cache } from "./keywords/cache.ts";
import type { Environment } from "./keywords/environment.ts";
import type { Release } from "./keywords/release.ts";
import type { Retry } from "./keywords/retry.ts";
import type { When } from "./keywords/when.ts";

export interface Plan {
  /** `workflow:name`, expanded; null without one. */
  readonly name: string | null;
  /** Only stages that have jobs, in their order; `.pre` first and `.post` last. */
  readonly stages: readonly string[];
  readonly autoCancel: {
    readonly onNewCommit: "conservative" | "interruptible" | "none";
    readonly onJobFailure: "all" | "none";
  };
  /** In the order of stages, then of the file. Names are unique. */
  readonly jobs: readonly PlannedJob[];
}

export interface PlannedJob {
  readonly name: string;
  /** The name in the file, without `i/N` and `: [a, b]`. */
  readonly group: string;
  readonly stage: string;
  readonly when: When;
  /** Of a delayed job. */
  readonly startInSeconds: number | null;
  readonly allowFailure: boolean;
  /** Exit codes that are allowed where `allowFailure` is false. */
  readonly allowFailureExitCodes: readonly number[];
  /** Jobs of this plan. Null: all of the earlier stages. An empty list: nothing, the job starts at once. */
  readonly needs: readonly PlannedNeed[] | null;
  /** Names of this plan's jobs whose artifacts are fetched; null: of all that are in earlier stages. Never null beside `needs`. */
  readonly dependencies: readonly string[] | null;
  readonly beforeScript: readonly string[];
  readonly script: readonly string[];
  readonly afterScript: readonly string[];
  readonly preGetSourcesScript: readonly string[];
  readonly image: ImageSpec | null;
  readonly services: readonly ImageSpec[];
  /** Of the file: its top and its workflow as far as the job takes them, the job, its matrix, its rule. Each key once. */
  readonly variables: readonly PlannedVariable[];
  readonly artifacts: Artifacts | null;
  readonly cache: readonly Cache[];
  /** Sorted as in the file, without repeats. */
  readonly tags: readonly string[];
  /** Null: the project's. */
  readonly timeoutSeconds: number | null;
  readonly retry: Retry;
  /** `i` of `N`, from 1; null without `parallel`. */
  readonly node: { readonly index: number; readonly total: number } | null;
  readonly resourceGroup: string | null;
  readonly interruptible: boolean;
  /** Its name is expanded. */
  readonly environment: Environment | null;
  /** The source of a regular expression, without slashes. */
  readonly coverage: string | null;
  readonly release: Release | null;
  /** The job publishes pages; the folder is among its artifacts. */
  readonly pages: PlannedPages | null;
  readonly manualConfirmation: string | null;
}

export interface PlannedVariable {
  readonly key: string;
  readonly value: string;
  /** What looks like a variable in the value stays as it is. */
  readonly raw: boolean;
}

export interface PlannedNeed {
  readonly job: string;
  /** Whether its artifacts are fetched. */
  readonly artifacts: boolean;
  readonly optional: boolean;
}

export interface PlannedPages {
  /** The folder that becomes the site. */
  readonly publish: string;
  readonly pathPrefix: string | null;
  readonly expireIn: string | null;
}
