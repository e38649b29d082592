/**
 * Specs, summaries and projects are stored as JSON, some of them by an earlier version, which knew fewer fields and wrote
 * three of them by GitLab's names.
 */
import { ADMIN } from "../principal.ts";
import { DEFAULT_SETTINGS } from "../project.ts";
import type { Project } from "../project.ts";
import { UNKNOWN_COMMIT } from "./commit-ref.ts";
import { lonePipeline } from "./pipeline-ref.ts";
import type { PipelineRef } from "./pipeline-ref.ts";
import type { BuildSummary } from "./summary.ts";
import type { ArtifactsSpec, BuildSpec, CacheSpec, ImageSpec, ProjectSnapshot, Variable } from "./spec.ts";

type WithLater<T, Later extends keyof T> = Omit<T, Later> & Partial<Pick<T, Later>>;

type StoredImage = ImageSpec & { readonly pull_policy?: Exclude<ImageSpec["pullPolicy"], undefined> };
type StoredArtifacts = ArtifactsSpec & { readonly expire_in?: string };
type StoredCache = CacheSpec & { readonly fallback_keys?: readonly string[] };

/** What any version stored. */
export interface StoredSpec extends Omit<
  WithLater<BuildSpec, "refProtected" | "preGetSourcesScript" | "commit" | "pipeline" | "user">,
  "variables" | "image" | "services" | "artifacts" | "cache"
> {
  readonly variables: readonly WithLater<Variable, "raw">[];
  readonly image: StoredImage | null;
  readonly services: readonly StoredImage[];
  readonly artifacts: StoredArtifacts | null;
  readonly cache: readonly StoredCache[];
}

const currentImage = ({ pull_policy: pullPolicy, ...image }: StoredImage): ImageSpec =>
  pullPolicy === undefined ? image : { ...image, pullPolicy };

const currentArtifacts = ({ expire_in: expireIn, ...artifacts }: StoredArtifacts): ArtifactsSpec =>
  expireIn === undefined ? artifacts : { ...artifacts, expireIn };

const currentCache = ({ fallback_keys: fallbackKeys, ...cache }: StoredCache): CacheSpec =>
  fallbackKeys === undefined ? cache : { ...cache, fallbackKeys };

/** A spec as today's code reads it, from whichever version stored it; `pipeline` is for those that don't name theirs. */
export const currentSpec = (stored: StoredSpec, pipeline: PipelineRef): BuildSpec => ({
  refProtected: false,
  preGetSourcesScript: [],
  commit: UNKNOWN_COMMIT,
  pipeline,
  user: ADMIN,
  ...stored,
  variables: stored.variables.map((variable) => ({ raw: false, ...variable })),
  image: stored.image === null ? null : currentImage(stored.image),
  services: stored.services.map(currentImage),
  artifacts: stored.artifacts === null ? null : currentArtifacts(stored.artifacts),
  cache: stored.cache.map(currentCache),
});

export const readSpec = (json: string, pipeline: PipelineRef): BuildSpec =>
  currentSpec(JSON.parse(json) as StoredSpec, pipeline);

type StoredSummary = WithLater<BuildSummary, "commit" | "pipeline" | "user"> & { readonly pipelineId?: number };

export const readSummary = (json: string): BuildSummary => {
  const { pipelineId, ...stored } = JSON.parse(json) as StoredSummary;
  const pipeline = stored.pipeline ?? lonePipeline(pipelineId ?? stored.id, stored.createdAtMs);
  return { commit: UNKNOWN_COMMIT, user: ADMIN, ...stored, pipeline };
};

export type StoredSnapshot = WithLater<ProjectSnapshot, "gitDepth" | "serverUrl" | "description" | "configPath">;

/** A snapshot as today's code reads it, from whichever version stored it. */
export const currentSnapshot = (stored: StoredSnapshot): ProjectSnapshot => ({
  gitDepth: DEFAULT_SETTINGS.gitDepth,
  serverUrl: null,
  description: "",
  configPath: null,
  ...stored,
});

export const readSnapshot = (json: string): ProjectSnapshot => currentSnapshot(JSON.parse(json) as StoredSnapshot);

export const readProject = (json: string): Project => ({
  ...DEFAULT_SETTINGS,
  ...(JSON.parse(json) as WithLater<Project, keyof typeof DEFAULT_SETTINGS>),
});

/** A stored spec is damaged: no runner can ever be given it. */
export class DamagedSpec extends Error {}

/** Whether the lists that a claim walks through are there. Throws `DamagedSpec`. */
export const checkSpec = ({ script, variables, dependencies }: BuildSpec): void => {
  const isWhole = [script, variables, dependencies].every((list) => Array.isArray(list));
  if (!isWhole) throw new DamagedSpec("its stored spec is damaged");
};
