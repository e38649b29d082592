/** A job's artifacts: download the archive or a report, keep them, delete them. */
import { accept } from "../../core/refusal.ts";
import type { ConsumerHandler } from "./handler.ts";
import * as artifacts from "../../verbs/artifacts.ts";
import { jobResponse } from "./jobs.ts";
import { withJob } from "./targets.ts";

export const downloadArtifacts: ConsumerHandler = withJob(async (context, { id }) => {
  const artifact = await artifacts.findArtifact(context.env, id, context.req.query("file_type") ?? "archive");
  return artifact.ok ? artifacts.downloadArtifact(context.env, artifact.value, context.req.raw.headers) : artifact;
});

export const keepArtifacts: ConsumerHandler = withJob(async (context, { id, project }) =>
  jobResponse(context, project, await artifacts.keepArtifacts(context.env, id), 200),
);

export const deleteArtifacts: ConsumerHandler = withJob(async (context, { id }) => {
  const deleted = await artifacts.deleteArtifacts(context.env, id);
  // An erased job has none left, which is what was asked for.
  return deleted.ok || deleted.refusal.reason === "erased" ? accept(context.body(null, 204)) : deleted;
});
