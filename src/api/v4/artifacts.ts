/** A job's artifacts: download the archive or a report, keep them, delete them. */
import { accept, refuse } from "../../core/refusal.ts";
import { buildStub } from "../../stubs.ts";
import { retrying } from "../../verbs/call.ts";
import { currentRequest } from "../../http/request-log.ts";
import { downloadArtifact } from "../../verbs/artifacts.ts";
import type { Handler } from "../../http/front.ts";
import { jobResponse } from "./jobs.ts";
import { withJob } from "./targets.ts";

export const downloadArtifacts: Handler = withJob(async (context, { id }) => {
  const type = context.req.query("file_type") ?? "archive";
  // The log is one of them when it has been archived; it has a route of its own.
  if (type === "trace") return refuse({ reason: "not_found", what: "artifact" });
  const artifact = await retrying(async () => buildStub(context.env, id).artifact(type, null));
  return artifact.ok ? downloadArtifact(context.env, artifact.value, context.req.raw.headers) : artifact;
});

export const keepArtifacts: Handler = withJob(async (context, { id, project }) =>
  jobResponse(
    context,
    project,
    await retrying(async () => buildStub(context.env, id).keepArtifacts(currentRequest())),
    200,
  ),
);

export const deleteArtifacts: Handler = withJob(async (context, { id }) => {
  const deleted = await retrying(async () => buildStub(context.env, id).deleteArtifacts(null, currentRequest()));
  return deleted.ok ? accept(context.body(null, 204)) : deleted;
});
