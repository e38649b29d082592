/** A claimed build as the legacy dialect hands it to a runner. */

export interface LegacyVariable {
  readonly key: string;
  readonly value: string;
  readonly public: boolean;
  /** The value goes to a file, and the variable holds its path. */
  readonly file?: boolean;
}

export interface LegacyDependency {
  readonly id: number;
  readonly name: string;
  /** Downloads that build's artifacts and does nothing else. */
  readonly token: string;
  readonly artifacts_file?: { readonly filename: string; readonly size: number };
}

/** What a runner reads of a claimed build. */
export interface LegacyBuild {
  readonly id: number;
  readonly token: string;
  readonly name: string;
  readonly sha: string;
  readonly ref: string;
  /** Lines joined with `\n`. */
  readonly commands: string | null;
  /** Seconds; 0 and less mean the runner's own default. */
  readonly timeout: number;
  readonly variables: readonly LegacyVariable[];
  readonly depends_on_builds: readonly LegacyDependency[];
  readonly options: {
    readonly artifacts?: {
      readonly name?: string;
      readonly paths?: readonly string[];
      readonly when?: "on_success" | "on_failure" | "always";
      readonly expire_in?: string;
    } | null;
    readonly dependencies?: readonly string[] | null;
    readonly after_script?: readonly string[] | null;
  };
}
