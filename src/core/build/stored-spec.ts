/** Specs and projects are stored as JSON, some of them by an earlier version, which knew fewer fields. */
import { DEFAULT_SETTINGS } from "../project.ts";
import type { Project } from "../project.ts";
import type { BuildSpec, ProjectSnapshot, Variable } from "./spec.ts";

type WithLater<T, Later extends keyof T> = Omit<T, Later> & Partial<Pick<T, Later>>;

type StoredSpec = Omit<WithLater<BuildSpec, "refProtected" | "preGetSourcesScript">, "variables"> & {
  readonly variables: readonly WithLater<Variable, "raw">[];
};

export const readSpec = (json: string): BuildSpec => {
  const stored = JSON.parse(json) as StoredSpec;
  const variables = stored.variables.map((variable) => ({ raw: false, ...variable }));
  return { refProtected: false, preGetSourcesScript: [], ...stored, variables };
};

export const readSnapshot = (json: string): ProjectSnapshot => ({
  gitDepth: DEFAULT_SETTINGS.gitDepth,
  serverUrl: null,
  ...(JSON.parse(json) as WithLater<ProjectSnapshot, "gitDepth" | "serverUrl">),
});

export const readProject = (json: string): Project => ({
  gitDepth: DEFAULT_SETTINGS.gitDepth,
  serverUrl: null,
  ...(JSON.parse(json) as WithLater<Project, "gitDepth" | "serverUrl">),
});
