/** A project as its object keeps it, and as others know it. */
export interface ProjectSettings {
  readonly name: string;
  readonly description: string;
  /** Handed to runners exactly as configured, and shown to consumers without its credentials; "" when there is none. */
  readonly repoUrl: string;
  readonly defaultBranch: string;
  readonly visibility: "private" | "internal" | "public";
  /** What a build gets that names no timeout. */
  readonly buildTimeoutSeconds: number;
  readonly sharedRunnersEnabled: boolean;
  /** How many commits a runner fetches; 0 for all. */
  readonly gitDepth: number;
  /** How the working copy is made, for builds that don't say. */
  readonly gitStrategy: "fetch" | "clone";
  /** Nothing new is made in it. */
  readonly archived: boolean;
  readonly topics: readonly string[];
  /** Where the pipeline's file is in the repository, as GitLab's `ci_config_path`; null for `.gitlab-ci.yml`. */
  readonly configPath: string | null;
  /** What finds a job's coverage in its log, between slashes or not; null for none. */
  readonly coverageRegex: string | null;
  /** Is an older pipeline canceled when a newer one of its ref comes? */
  readonly autoCancelPending: boolean;
  /** Are the newest artifacts of a ref kept when their time is over? */
  readonly keepLatestArtifact: boolean;
  readonly groupRunnersEnabled: boolean;
  /** May whoever sees the project see its jobs? */
  readonly publicJobs: boolean;
  /** The address by which the project was made, without a slash at its end; null for one that an older version made. */
  readonly serverUrl: string | null;
}

export interface Project extends ProjectSettings {
  readonly id: number;
  /** Full path, `group/name`; unique, and fixed once given. */
  readonly path: string;
  /** Which `runners_token` is good now. */
  readonly tokenEpoch: number;
  /** Goes up by one with each change. */
  readonly revision: number;
  readonly createdAtMs: number;
}

export const DEFAULT_SETTINGS: Omit<ProjectSettings, "name"> = {
  description: "",
  repoUrl: "",
  defaultBranch: "main",
  visibility: "private",
  buildTimeoutSeconds: 3600,
  sharedRunnersEnabled: true,
  gitDepth: 20,
  gitStrategy: "fetch",
  archived: false,
  topics: [],
  configPath: null,
  coverageRegex: null,
  autoCancelPending: true,
  keepLatestArtifact: false,
  groupRunnersEnabled: true,
  publicJobs: true,
  serverUrl: null,
};

/** Without a group a project is in `root`. */
export const DEFAULT_GROUP = "root";

/** `My Project` → `my-project`, as GitLab makes a path from a name; "" when nothing is left of it. */
export const pathFromName = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replace(/^[-.]+/, "")
    .replace(/(?<![-.])[-.]+$/, "");

/** `demo` → `root/demo`; null for what is no path of a project. */
export const fullPath = (path: string): string | null => {
  const whole = path.includes("/") ? path : `${DEFAULT_GROUP}/${path}`;
  const good = /^[A-Za-z0-9_][A-Za-z0-9_.-]*(\/[A-Za-z0-9_][A-Za-z0-9_.-]*){1,19}$/.test(whole);
  return good && whole.length <= 255 && !whole.endsWith(".git") ? whole : null;
};
