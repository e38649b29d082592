/** Artifacts in and out, whatever dialect they come in. */
import { downloadResponse } from "../../artifacts/read.ts";
import { receiveUpload } from "../../artifacts/upload.ts";
import type { Access } from "../../build/access.ts";
import type { ArtifactRecord } from "../../build/artifacts.ts";
import { settingsOf } from "../../config.ts";
import type { Env } from "../../config.ts";
import { parseDuration } from "../../core/duration.ts";
import { cleanFilename } from "../../core/filename.ts";
import { accept, refuse } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import type { BuildSummary } from "../../core/summary.ts";
import { buildStub } from "../../stubs.ts";
import { retrying } from "../call.ts";
import { concerns } from "../request-log.ts";
import { accessTo, claimsOf } from "./authority.ts";

/** What a form adds to the file in it, at the most; a body that declares more can't hold a file that is small enough. */
const FORM_BYTES = 1024 * 1024;

export interface UploadRequest {
  readonly buildId: number;
  /** From a header or the query; null when it must come as a field of the form, before the file. */
  readonly token: string | null;
  readonly expireIn: string | null;
  readonly body: ReadableStream<Uint8Array> | null;
  readonly contentType: string | undefined;
  readonly declaredBytes: number;
}

/** When artifacts of this `expire_in` go, in milliseconds from now; null for never. */
export const lifetimeMs = (expireIn: string | null): Outcome<number | null> => {
  if (expireIn === null || expireIn.trim() === "") return accept(null);
  const seconds = parseDuration(expireIn);
  if (seconds === null) return refuse({ reason: "invalid", field: "expire_in", message: "is not a duration" });
  return accept(seconds === "never" ? null : seconds * 1000);
};

/** Would an upload of so many bytes be accepted now? */
export const authorizeUpload = async (
  env: Env,
  token: string | null,
  buildId: number,
  sizeBytes: number,
): Promise<Outcome<null>> => {
  const access = await accessTo(env, token, buildId);
  if (!access.ok) return access;
  const allowed = await retrying(async () => buildStub(env, buildId).mayUpload(access.value));
  if (!allowed.ok) return allowed;
  const limitBytes = settingsOf(env).maxArtifactBytes;
  return sizeBytes > limitBytes ? refuse({ reason: "too_large", limitBytes, sizeBytes }) : allowed;
};

/**
 * Streams a build's archive into storage. The build names the object before its first byte and makes it current after its
 * last: a crash anywhere between leaves the old archive as it was, and an object that the build's alarm deletes.
 */
export const uploadArchive = async (env: Env, request: UploadRequest): Promise<Outcome<BuildSummary>> => {
  const { buildId } = request;
  const limitBytes = settingsOf(env).maxArtifactBytes;
  const lifetimeAsked = (fields: Readonly<Record<string, string>>) =>
    lifetimeMs(request.expireIn ?? fields["expire_in"] ?? null);
  // A forged token is refused before a byte is read; after that all of the body is, so that its sender sees the answer.
  if (request.token !== null && (await claimsOf(env, request.token)) === null) return refuse({ reason: "forbidden" });
  let begun: { readonly id: number; readonly access: Access } | null = null;
  const received = await receiveUpload(request.body, request.contentType, {
    bucket: env.ARTIFACTS,
    maxBytes: limitBytes,
    begin: async (fields) => {
      const access = await accessTo(env, request.token ?? fields["token"] ?? null, buildId);
      if (!access.ok) return access;
      const lifetime = lifetimeAsked(fields);
      if (!lifetime.ok) return lifetime;
      if (request.declaredBytes > limitBytes + FORM_BYTES) {
        // The build's own refusals come before the size, and nothing is stored of what can't fit.
        const allowed = await buildStub(env, buildId).mayUpload(access.value);
        return allowed.ok ? refuse({ reason: "too_large", limitBytes, sizeBytes: request.declaredBytes }) : allowed;
      }
      const upload = await buildStub(env, buildId).beginArtifact(access.value, "archive", "zip");
      if (!upload.ok) return upload;
      const { id, key } = upload.value;
      begun = { id, access: access.value };
      return accept({
        key,
        onMultipart: (multipartId) => buildStub(env, buildId).noteMultipartUpload(id, multipartId),
      });
    },
  });
  const upload = begun as { readonly id: number; readonly access: Access } | null;
  if (!received.ok || upload === null) {
    if (upload !== null) await buildStub(env, buildId).abandonArtifact(upload.id);
    return received.ok ? refuse({ reason: "missing_file" }) : received;
  }
  const { file, fields } = received.value;
  // Once more, since the field may have come after the file.
  const lifetime = lifetimeAsked(fields);
  if (!lifetime.ok) {
    await buildStub(env, buildId).abandonArtifact(upload.id);
    return lifetime;
  }
  const stored = await buildStub(env, buildId).commitArtifact(upload.access, upload.id, {
    filename: cleanFilename(file.filename, "artifacts.zip"),
    sizeBytes: file.sizeBytes,
    sha256: file.sha256,
    expiresInMs: lifetime.value,
  });
  if (!stored.ok) {
    // The build ended or was removed during the upload; a removed one has no alarm that would delete the object.
    await env.ARTIFACTS.delete(file.key);
    await buildStub(env, buildId).abandonArtifact(upload.id);
    return stored;
  }
  concerns({ runner: stored.value.runner?.id ?? null });
  return stored;
};

/** The archive for who may have it: the build itself, its project, or a dependant that runs. */
export const findArchive = async (
  env: Env,
  token: string | null,
  buildId: number,
): Promise<Outcome<ArtifactRecord>> => {
  const claims = await claimsOf(env, token);
  if (claims?.kind === "download" && claims.id === buildId) {
    const running = await retrying(async () => buildStub(env, claims.dependant).isAttemptRunning(claims.attempt));
    if (!running) return refuse({ reason: "stale_token" });
    return retrying(async () => buildStub(env, buildId).artifact("archive", null));
  }
  const access = await accessTo(env, token, buildId);
  if (!access.ok) return access;
  return retrying(async () => buildStub(env, buildId).artifact("archive", access.value));
};

/** Errors: `not_found` when its object is gone from storage. */
export const downloadArchive = async (
  env: Env,
  record: ArtifactRecord,
  headers: Headers,
): Promise<Outcome<Response>> => {
  const response = await downloadResponse(env.ARTIFACTS, record, headers);
  return response === null ? refuse({ reason: "not_found", what: "artifact" }) : accept(response);
};

export const deleteArchive = async (
  env: Env,
  token: string | null,
  buildId: number,
): Promise<Outcome<BuildSummary>> => {
  const access = await accessTo(env, token, buildId);
  if (!access.ok) return access;
  return retrying(async () => buildStub(env, buildId).deleteArtifacts(access.value));
};
