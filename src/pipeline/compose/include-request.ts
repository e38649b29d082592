/** A file that composing lacks. Whoever calls fetches it, hands it over and asks again. */
export type IncludeRequest =
  | { readonly kind: "remote"; readonly url: string; readonly integrity: string | null }
  | { readonly kind: "project"; readonly project: string; readonly file: string; readonly ref: string | null }
  | { readonly kind: "template"; readonly name: string }
  | { readonly kind: "component"; readonly address: string }
  /** Of the repository whose file is read; `repository` is null for the pipeline's own. */
  | { readonly kind: "local"; readonly path: string; readonly repository: IncludeRepository | null };

/** The project and commit that a fetched file belongs to: its own `local` includes are looked for there. */
export interface IncludeRepository {
  readonly project: string;
  readonly sha: string;
}

export type FetchedInclude =
  | {
      readonly found: true;
      readonly text: string;
      /** Null if its `local` includes cannot be fetched. */
      readonly repository: IncludeRepository | null;
      readonly blob?: string;
      readonly raw?: string;
    }
  /** Why it could not be fetched, as the user shall read it. */
  | { readonly found: false; readonly reason: string };
