import type { PipelineSource } from "../core/build/pipeline-ref.ts";

export type { PipelineSource };

/** What a pipeline is made for: an event, as far as a file can ask for it. */
export interface PipelineContext {
  /** Branch or tag name, or `refs/merge-requests/N/head`. */
  readonly ref: string;
  readonly tag: boolean;
  readonly sha: string;
  readonly source: PipelineSource;
  readonly defaultBranch: string;
  /**
   * All variables that rules may ask, the later of two with one name counts: predefined ones of the pipeline, those of
   * the project, and those that came with the event. The file's own come between the first and the last; the compiler
   * knows where.
   */
  readonly predefined: readonly ContextVariable[];
  /** Of instance and project: they beat the file's. */
  readonly project: readonly ContextVariable[];
  /** Of who asked for the pipeline, its trigger or its schedule: they beat all others. */
  readonly given: readonly ContextVariable[];
  /** Paths that the event has changed; null if they are not known, and then `changes` counts as true. */
  readonly changedPaths: readonly string[] | null;
  /** All paths of the repository at `sha`, for `exists` and for globs of `include:local`; null if they are not known. */
  readonly tree: readonly string[] | null;
}

export interface ContextVariable {
  readonly key: string;
  readonly value: string;
  readonly raw?: boolean;
  /** It must not be shown: `expand_vars` refuses it, and messages hide its value. */
  readonly masked?: boolean;
}
