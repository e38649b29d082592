/** What the outside knows and says of a runner. */
export interface RunnerInfo {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly revision?: string | undefined;
  readonly platform?: string | undefined;
  readonly architecture?: string | undefined;
  readonly executor?: string | undefined;
  readonly shell?: string | undefined;
  /** Of the runner's `config`, the one entry that is kept. */
  readonly gpus?: string | undefined;
  readonly features?: Readonly<Record<string, boolean>> | undefined;
}

export type AccessLevel = "not_protected" | "ref_protected";

/** What a registration or an edit may set. */
export interface RunnerSettings {
  readonly description: string;
  readonly tags: readonly string[];
  readonly runUntagged: boolean;
  readonly paused: boolean;
  readonly locked: boolean;
  /** `ref_protected`: takes only builds of protected refs. */
  readonly accessLevel: AccessLevel;
  /** No build may run longer on it; null for no limit of its own. */
  readonly maximumTimeoutSeconds: number | null;
  readonly maintenanceNote: string;
}

export interface Runner extends RunnerSettings {
  readonly id: number;
  readonly epoch: number;
  /** Of its tokens: `glrt-` for runners that were created before a machine registers as them. */
  readonly tokenPrefix: "" | "glrt-";
  /** Null for an instance runner. */
  readonly projects: readonly number[] | null;
  readonly info: RunnerInfo;
  readonly createdAtMs: number;
  readonly contactedAtMs: number | null;
}

/** A runner as consumers see it. */
export interface RunnerSummary extends Runner {
  readonly online: boolean;
  /** Builds that it holds now. */
  readonly running: number;
}

export const DEFAULT_RUNNER_SETTINGS: RunnerSettings = {
  description: "",
  tags: [],
  runUntagged: true,
  paused: false,
  locked: false,
  accessLevel: "not_protected",
  maximumTimeoutSeconds: null,
  maintenanceNote: "",
};

/** One machine of those that share a runner's token, by the `system_id` that it gives itself. */
export interface Machine {
  readonly id: number;
  readonly runnerId: number;
  readonly systemId: string;
  readonly info: RunnerInfo;
  /** As the Worker sees its address; null when unknown. */
  readonly ipAddress: string | null;
  readonly createdAtMs: number;
  readonly contactedAtMs: number;
}

/** A machine as consumers see it. */
export interface MachineSummary extends Machine {
  /** Builds that it holds now. */
  readonly running: number;
}

/** A runner polls every few seconds, or has a poll held for a few minutes at most. */
const ONLINE_MS = 300_000;

/** Was it heard of so lately that it is there? */
export const isRecent = (contactedAtMs: number | null, nowMs: number): boolean =>
  contactedAtMs !== null && nowMs - contactedAtMs < ONLINE_MS;

/** How long a build of this timeout may run on it. */
export const timeoutOn = (
  runner: Pick<RunnerSettings, "maximumTimeoutSeconds"> | undefined,
  timeoutSeconds: number,
): number => Math.min(timeoutSeconds, runner?.maximumTimeoutSeconds ?? Infinity);

/** A runner that takes neither tagged nor untagged builds could never work. */
export const canTakeAnything = (settings: Pick<RunnerSettings, "tags" | "runUntagged">): boolean =>
  settings.runUntagged || settings.tags.length > 0;
