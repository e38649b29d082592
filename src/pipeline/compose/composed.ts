/**
 * What a file is once all that it includes, extends, refers to and inherits stands in it. The keywords are read from it;
 * whoever reads them meets no `include`, `extends`, `!reference`, `default` or `inherit` again.
 */
import type { Problem } from "../problem.ts";
import type { Hash } from "../value.ts";

export interface ComposedConfig {
  /**
   * The file's top without its jobs and without `include`, in the file's order: `stages`, `workflow`, `variables`,
   * `default` and the old globals (`image`, `before_script` …). The last two are here to be checked at their own place;
   * jobs have what they inherit of them already.
   */
  readonly top: Hash;
  /** Jobs in the file's order, hidden ones (`.name`) left out. What isn't a hash is told as a problem and isn't here. */
  readonly jobs: ReadonlyMap<string, ComposedJob>;
  /**
   * Keys at the top whose `extends` or `!reference` could not be resolved. They are told as problems and aren't among
   * `jobs`; what needs them is not to be told that they are missing.
   */
  readonly broken: ReadonlySet<string>;
  /** The whole config as lint's `merged_yaml` shows it: includes merged, `extends` and `!reference` resolved, hidden jobs kept, `default` not applied.
   * `extends` itself stays in it, as in GitLab. `writeYaml` writes it. */
  readonly merged: Hash;
  /** Files that were included, as lint lists them, in the order in which they were met. */
  readonly includes: readonly IncludedFile[];
  /** Errors and warnings, in the order in which they were found. With an error, `top` and `jobs` hold what could be read. */
  readonly problems: readonly Problem[];
}

export interface ComposedJob {
  /**
   * Its keywords after `extends`, `!reference` and what it inherits. `extends` and `inherit` are not among them. A list
   * in which a list was referred to has that list as one of its items.
   */
  readonly hash: Hash;
  /** The file that its name stands in last; undefined where it isn't known. */
  readonly file: string | undefined;
  /** Keywords that it has from `default` or from an old global, each with the place of that: `image` → `default:image` or `image`. */
  readonly inherited: ReadonlyMap<string, string>;
  /** Which of the top's `variables` it takes: all, none, or those with these names. */
  readonly inheritVariables: boolean | readonly string[];
}

/** One element of lint's `includes`, in GitLab's words. */
export interface IncludedFile {
  readonly type: "local" | "remote" | "file" | "template" | "component";
  /** The path, URL, template's name or component's address, variables expanded. */
  readonly location: string;
  /** Where people can look at it; null if nobody has told. */
  readonly blob: string | null;
  /** Where its text can be fetched; null if nobody has told. */
  readonly raw: string | null;
  /** More that is known: `project` and `ref` of a file of another project. */
  readonly extra: Readonly<Record<string, string>>;
  /** The project and commit of the file that includes it; null if they are not known. */
  readonly context_project: string | null;
  readonly context_sha: string | null;
}
