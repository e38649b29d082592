/** A claimed job as today's dialect hands it to a runner: what tests and fake runners read of it. */

export interface ModernVariable {
  readonly key: string;
  readonly value: string;
  readonly public: boolean;
  readonly masked: boolean;
  readonly file?: boolean;
  readonly raw?: boolean;
}

export interface ModernDependency {
  readonly id: number;
  readonly name: string;
  /** The dependant's own. */
  readonly token: string;
  readonly artifacts_file?: { readonly filename: string; readonly size: number };
}

export interface ModernJob {
  readonly id: number;
  readonly token: string;
  readonly job_info: { readonly name: string; readonly stage: string; readonly project_id: number };
  readonly runner_info: { readonly timeout: number };
  readonly variables: readonly ModernVariable[];
  readonly steps: readonly { readonly name: string; readonly script: readonly string[]; readonly when: string }[];
  readonly artifacts: readonly { readonly artifact_type: string; readonly artifact_format: string }[] | null;
  readonly dependencies: readonly ModernDependency[];
}
