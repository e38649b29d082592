/** What the outside knows and says of a runner. */
export interface RunnerInfo {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly revision?: string | undefined;
  readonly platform?: string | undefined;
  readonly architecture?: string | undefined;
  readonly executor?: string | undefined;
  readonly features?: Readonly<Record<string, boolean>> | undefined;
}

export interface Runner {
  readonly id: number;
  readonly epoch: number;
  readonly description: string;
  /** Null for an instance runner. */
  readonly projects: readonly number[] | null;
  readonly tags: readonly string[];
  readonly runUntagged: boolean;
  readonly paused: boolean;
  readonly locked: boolean;
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

/** What a registration or an edit may set. */
export interface RunnerSettings {
  readonly description: string;
  readonly tags: readonly string[];
  readonly runUntagged: boolean;
  readonly paused: boolean;
  readonly locked: boolean;
}

/** A runner that takes neither tagged nor untagged builds could never work. */
export const canTakeAnything = (settings: Pick<RunnerSettings, "tags" | "runUntagged">): boolean =>
  settings.runUntagged || settings.tags.length > 0;
