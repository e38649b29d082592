import { reportType } from "../../core/artifact/types.ts";
import type { ArtifactsSpec } from "../../core/build/spec.ts";

/** What the runner is to upload: the archive, when anything goes into it, and each report by itself. */
export const jobArtifacts = ({ reports = {}, ...archive }: ArtifactsSpec): object[] => {
  const entries = Object.entries(reports).map(([type, paths]) => report(type, paths, archive.expire_in));
  return [...archiveEntries(archive), ...entries.filter((each) => each !== null)];
};

/** What is undefined is left out of the JSON; so is an empty `exclude`, which asks for a feature of the runner. */
const archiveEntries = ({ exclude = [], ...archive }: Omit<ArtifactsSpec, "reports">): object[] => {
  if (archive.untracked !== true && (archive.paths ?? []).length === 0) return [];
  const excluding = exclude.length === 0 ? {} : { exclude };
  return [{ ...archive, ...excluding, artifact_type: "archive", artifact_format: "zip" }];
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
