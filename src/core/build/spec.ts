import type { User } from "../principal.ts";
import type { CommitRef } from "./commit-ref.ts";
import type { PipelineRef } from "./pipeline-ref.ts";

/** What was asked of a build: fixed when it is created, handed to the runner that claims it. */
export interface BuildSpec {
  readonly name: string;
  readonly stage: string;
  /** Branch or tag name. */
  readonly ref: string;
  /** Full commit id, at least 8 characters (runners cut the first 8). */
  readonly sha: string;
  readonly beforeSha: string;
  readonly tag: boolean;
  readonly commit: CommitRef;
  readonly pipeline: PipelineRef;
  /** For whom it runs: who asked for it. */
  readonly user: User;
  /** Of a protected ref: also for runners that take no others. */
  readonly refProtected: boolean;
  readonly beforeScript: readonly string[];
  readonly script: readonly string[];
  readonly afterScript: readonly string[];
  /** Runs before the sources are fetched; today's runners alone know it. */
  readonly preGetSourcesScript: readonly string[];
  readonly image: ImageSpec | null;
  readonly services: readonly ImageSpec[];
  readonly variables: readonly Variable[];
  readonly artifacts: ArtifactsSpec | null;
  readonly cache: readonly CacheSpec[];
  /** A runner must have all of these; sorted, without repeats. */
  readonly tags: readonly string[];
  readonly timeoutSeconds: number;
  readonly allowGitFetch: boolean;
  /** Builds of the same project whose artifacts are fetched before the script runs. */
  readonly dependencies: readonly number[];
}

/** Before its project has made it a build: who asks for it, and its pipeline, come with that. */
export type NewSpec = Omit<BuildSpec, "pipeline" | "user">;

export interface ImageSpec {
  readonly name: string;
  readonly alias?: string;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly ports?: readonly ImagePort[];
  readonly variables?: readonly Pick<Variable, "key" | "value">[];
  /** Tried in this order. */
  readonly pullPolicy?: readonly PullPolicy[];
  /** What is for one executor alone. */
  readonly docker?: { readonly platform?: string; readonly user?: string };
  readonly kubernetes?: { readonly user?: string };
}

export interface ImagePort {
  readonly number: number;
  readonly protocol: "http" | "https";
  readonly name: string;
}

export type PullPolicy = "always" | "if-not-present" | "never";

export interface Variable {
  readonly key: string;
  readonly value: string;
  /** Shown to everybody who may read the build. */
  readonly public: boolean;
  /** The runner hides the value in the log. */
  readonly masked: boolean;
  /** The runner writes the value to a file and the variable holds its path. */
  readonly file: boolean;
  /** The runner doesn't expand what looks like a variable in the value. */
  readonly raw: boolean;
}

export interface ArtifactsSpec {
  readonly name?: string;
  readonly untracked?: boolean;
  readonly paths?: readonly string[];
  readonly exclude?: readonly string[];
  readonly when?: "on_success" | "on_failure" | "always";
  /** As people write it, `3 days`. */
  readonly expireIn?: string;
  /** Paths by the type of the report. */
  readonly reports?: Readonly<Record<string, readonly string[]>>;
}

export interface CacheSpec {
  /** Builds of protected refs and of others share it. */
  readonly unprotect?: boolean;
  readonly key?: string;
  readonly untracked?: boolean;
  readonly paths?: readonly string[];
  /** `pull-push`, `pull`, `push`, or a variable that the runner expands to one of them. */
  readonly policy?: string;
  readonly when?: "on_success" | "on_failure" | "always";
  readonly fallbackKeys?: readonly string[];
}

/** The project as a build sees it: a copy made when the build is created. */
export interface ProjectSnapshot {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  /** Full path, `group/name`. */
  readonly path: string;
  readonly defaultBranch: string;
  readonly visibility: string;
  /** Handed to runners exactly as configured; empty when the project has no repository. */
  readonly repoUrl: string;
  /** How many commits a runner fetches, unless the build's GIT_DEPTH says otherwise; 0 for all. */
  readonly gitDepth: number;
  /** The address by which the project was made, which its jobs are told; null when it isn't known. */
  readonly serverUrl: string | null;
  /** Where the pipeline's file is; null for `.gitlab-ci.yml`. */
  readonly configPath: string | null;
  /** Which `runners_token` was current: its text is masked in the trace. */
  readonly tokenEpoch: number;
}
