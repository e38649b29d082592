/** A job's archive: download it, keep it, delete it. */
import { accept } from "../../core/refusal.ts";
import { buildStub } from "../../stubs.ts";
import { retrying } from "../call.ts";
import { currentRequest } from "../request-log.ts";
import { downloadArchive } from "../verbs/artifacts.ts";
import type { Handler } from "./handler.ts";
import { jobResponse } from "./jobs.ts";
import { withJob } from "./targets.ts";

export const downloadArtifacts: Handler = withJob(async (context, { id }) => {
  const archive = await retrying(async () => buildStub(context.env, id).artifact("archive", null));
  return archive.ok ? downloadArchive(context.env, archive.value, context.req.raw.headers) : archive;
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
