/** Single files out of a job's archive, and archives by ref and name of the job. */
import * as v from "valibot";
import { accept, refuse } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import { looseString } from "../../http/loose.ts";
import { downloadArtifact, findArtifact } from "../../verbs/artifacts.ts";
import { deleteProjectArtifacts, downloadFile, findArchiveOf } from "../../verbs/artifact-files.ts";
import { readForm } from "./form.ts";
import type { ConsumerHandler } from "./handler.ts";
import { withJob, withProject } from "./targets.ts";

export const downloadJobFile: ConsumerHandler = withJob(async (context, { id }) => {
  const archive = await findArtifact(context.env, id, "archive");
  return archive.ok ? downloadFile(context.env, archive.value, context.req.param("artifact_path") ?? "") : archive;
});

/** What follows `jobs/artifacts/`; `path` null for all of the archive. */
export interface ArchiveReference {
  readonly ref: string;
  readonly path: string | null;
}

/** Each may cost a look at the project. */
const MAX_READINGS = 5;

/**
 * `ref/download` or `ref/raw/path`. Both may have slashes, which some clients write as they are: `raw` as a part of the ref or
 * of the path makes several readings, the shortest ref first. A ref whose slashes are encoded has one.
 */
export const archiveReferences = (encoded: string): ArchiveReference[] => {
  const segments = encoded.split("/");
  const decoded = (from: number, until?: number): string => decode(segments.slice(from, until).join("/"));
  const raws = segments.flatMap((segment, at) =>
    segment === "raw" && at > 0 && at < segments.length - 1 ? [{ ref: decoded(0, at), path: decoded(at + 1) }] : [],
  );
  const whole = segments.length > 1 && segments.at(-1) === "download" ? [{ ref: decoded(0, -1), path: null }] : [];
  return [...whole, ...raws].slice(0, MAX_READINGS);
};

/** What can't be decoded is taken as it is, and found nowhere. */
const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const byNameForm = v.object({ job: looseString });

export const downloadByRef: ConsumerHandler = withProject(async (context, { id }) => {
  const form = await readForm(context, byNameForm);
  if (!form.ok) return form;
  const [, encoded = ""] = context.req.path.split("/jobs/artifacts/");
  let answer: Outcome<Response> = refuse({ reason: "not_found", what: "artifact" });
  for (const { ref, path } of archiveReferences(encoded)) {
    const archive = await findArchiveOf(context.env, id, ref, form.value.job);
    if (!archive.ok) continue;
    answer =
      path === null
        ? await downloadArtifact(context.env, archive.value, context.req.raw.headers)
        : await downloadFile(context.env, archive.value, path);
    if (answer.ok || answer.refusal.reason !== "not_found") return answer;
  }
  return answer;
});

export const deleteAllArtifacts: ConsumerHandler = withProject(async (context, { id }) => {
  const begun = await deleteProjectArtifacts(context.env, id);
  return begun.ok ? accept(context.json({ message: "202 Accepted" }, 202)) : begun;
});
