import { reportType } from "../../core/artifact/types.ts";
import type { ArtifactsSpec } from "../../core/build/spec.ts";

/** What the runner is to upload: the archive, when anything goes into it, and each report by itself. */
export const jobArtifacts = (asked: ArtifactsSpec): object[] => {
  const reports = Object.entries(asked.reports ?? {}).map(([type, paths]) => report(type, paths, asked.expireIn));
  return [...archiveEntries(asked), ...reports.filter((each) => each !== null)];
};

/** What is undefined is left out of the JSON; so is an empty `exclude`, which asks for a feature of the runner. */
const archiveEntries = ({ name, untracked, paths, exclude, when, expireIn }: ArtifactsSpec): object[] => {
  if (untracked !== true && (paths ?? []).length === 0) return [];
  const archive = {
    name,
    untracked,
    paths,
    exclude: exclude?.length === 0 ? undefined : exclude,
    when,
    expire_in: expireIn,
    artifact_type: "archive",
    artifact_format: "zip",
  };
  return [archive];
};

/** Reports are for failures most of all: they are always sent. Null for a type that was stored before types were checked. */
const report = (type: string, paths: readonly string[], expireIn: string | undefined): object | null => {
  const known = reportType(type);
  if (known === null) return null;
  return {
    name: known.filename,
    paths,
    when: "always",
    expire_in: expireIn,
    artifact_type: type,
    artifact_format: known.format,
  };
};
