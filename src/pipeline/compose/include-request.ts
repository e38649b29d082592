/** A file that composing lacks. Whoever calls fetches it, hands it over and asks again. */
export type IncludeRequest =
  | {
      readonly kind: "remote";
      readonly url: string;
      /** `sha256-…`, which whoever fetches has to check; null if any text will do. */
      readonly integrity: string | null;
    }
  /** `ref` is `HEAD` where none is given. Names of projects are in small letters. */
  | { readonly kind: "project"; readonly project: string; readonly file: string; readonly ref: string }
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
      /** Null: the pipeline's own. */
      readonly repository: IncludeRepository | null;
      /** Where people can look at it, and where its text can be fetched. */
      readonly blob?: string;
      readonly raw?: string;
      /** What `spec:component` can ask for: `name`, `sha`, `version`, `reference`. */
      readonly component?: Readonly<Record<string, string>>;
    }
  /** `reason`: as the user shall read it; without one it doesn't exist. */
  | { readonly found: false; readonly reason?: string };

/** The same for the same request, another for another. */
export const requestKey = (request: IncludeRequest): string => {
  switch (request.kind) {
    case "remote":
      return JSON.stringify(["remote", request.url, request.integrity]);
    case "project":
      return JSON.stringify(["project", request.project, request.file, request.ref]);
    case "template":
      return JSON.stringify(["template", request.name]);
    case "component":
      return JSON.stringify(["component", request.address]);
    case "local":
      return JSON.stringify(["local", request.path, request.repository?.project, request.repository?.sha]);
  }
};
