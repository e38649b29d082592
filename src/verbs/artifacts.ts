/** Artifacts in and out, whatever dialect they come in. */
import { log } from "../log.ts";
import { downloadResponse } from "../artifacts/read.ts";
import { MAX_DOTENV_UPLOAD_BYTES, readDotenvReport } from "../artifacts/dotenv-report.ts";
import { presignedUrl } from "../artifacts/presign.ts";
import { uploadPlace } from "../artifacts/room.ts";
import type { Place } from "../artifacts/room.ts";
import { receiveUpload, STORAGE_RETRY_SECONDS } from "../artifacts/upload.ts";
import type { ReceivedFile } from "../artifacts/upload.ts";
import type { Access } from "../builds/access.ts";
import type { ArtifactRecord, UploadedFile } from "../builds/artifacts.ts";
import { settingsOf } from "../settings.ts";
import type { ArtifactKind } from "../core/artifact/types.ts";
import type { DotenvVariable } from "../core/artifact/dotenv.ts";
import { parseDuration } from "../core/duration.ts";
import { cleanFilename } from "../core/artifact/filename.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import type { BuildSummary } from "../core/build/summary.ts";
import { buildStub, projectStub } from "../stubs.ts";
import { retrying } from "./call.ts";
import { concerns, currentRequest } from "../http/request-log.ts";
import { accessTo, claimsOf, holderOf } from "./authority.ts";
import type { Authorize } from "./authority.ts";

/** What a form adds to the file in it, at the most; a body that declares more can't hold a file that is small enough. */
const FORM_BYTES = 1024 * 1024;

const ROOM_RETRY_SECONDS = 10;

const UNSAID_KIND: ArtifactKind = { type: "archive", format: "zip" };

/** The text parts of a form, so far as they have come. */
type Fields = Readonly<Record<string, string>>;

export interface UploadRequest {
  readonly buildId: number;
  /** From a header or the query; null when it must come as a field of the form, before the file. */
  readonly token: string | null;
  /** Which tokens the dialect takes here. */
  readonly authorize: Authorize;
  /** What is uploaded, by what the request said; null while the rest of the form may say more. */
  readonly kindOf: (fields: Fields, isWhole: boolean) => Outcome<ArtifactKind> | null;
  /** An artifact of the same type is replaced; else only the same bytes are taken again. */
  readonly replaces: boolean;
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
  return accept(seconds === "never" ? null : Math.ceil(seconds * 1000));
};

/** Would an upload of so many bytes be accepted now? */
export const authorizeUpload = async (
  env: Env,
  access: Access,
  buildId: number,
  sizeBytes: number,
): Promise<Outcome<null>> => {
  const allowed = await retrying(async () => buildStub(env, buildId).mayUpload(access));
  if (!allowed.ok) return allowed;
  const limitBytes = settingsOf(env).maxArtifactBytes;
  return sizeBytes > limitBytes ? refuse({ reason: "too_large", limitBytes, sizeBytes }) : allowed;
};

/**
 * Streams a file into storage as a build's artifact. The build names the object before its first byte and makes it current
 * after its last: a crash anywhere between leaves what was stored as it was, and an object that the build's alarm deletes.
 */
export const uploadArtifact = async (env: Env, request: UploadRequest): Promise<Outcome<BuildSummary>> => {
  // A forged token is refused before a byte is read; after that all of the body is, so that its sender sees the answer.
  if (request.token !== null && claimsOf(env, request.token) === null) return refuse({ reason: "forbidden" });
  const place = uploadPlace(request.declaredBytes);
  try {
    // Who has to wait does so before a byte is read. Who will be refused needs no room.
    const isEarly = request.token !== null && (await admitUpload(env, request, {})).ok;
    if (isEarly && !(await place.take())) return noRoom;
    return await storeUpload(env, request, place);
  } finally {
    place.leave();
  }
};

const noRoom = refuse({ reason: "unavailable", retryAfterSeconds: ROOM_RETRY_SECONDS });

/** The build's own refusals come before what is wrong with the request. */
const admitUpload = async (
  env: Env,
  { buildId, token, authorize }: UploadRequest,
  fields: Fields,
): Promise<Outcome<Access>> => {
  const access = await authorize(env, token ?? fields["token"] ?? null, buildId);
  if (!access.ok) return access;
  const allowed = await buildStub(env, buildId).mayUpload(access.value);
  return allowed.ok ? access : allowed;
};

const storeUpload = async (env: Env, request: UploadRequest, place: Place): Promise<Outcome<BuildSummary>> => {
  const { buildId } = request;
  const limitBytes = settingsOf(env).maxArtifactBytes;
  const lifetimeAsked = (fields: Fields) => lifetimeMs(request.expireIn ?? fields["expire_in"] ?? null);
  let begun: { readonly id: number; readonly access: Access } | null = null;
  const admitted = (fields: Fields) => admitUpload(env, request, fields);
  const received = await receiveUpload(request.body, request.contentType, {
    bucket: env.ARTIFACTS,
    maxBytes: limitBytes,
    mayKnow: admitted,
    onProgress: () => {
      if (place.isIn) place.touch();
    },
    isKnown: (fields) => claimsOf(env, request.token ?? fields["token"] ?? null) !== null,
    begin: async (fields) => {
      const access = await admitted(fields);
      if (!access.ok) return access;
      // Said in full after the file, perhaps: the build takes what it is with its commit.
      const kind = request.kindOf(fields, false) ?? accept(UNSAID_KIND);
      if (!kind.ok) return kind;
      const lifetime = lifetimeAsked(fields);
      if (!lifetime.ok) return lifetime;
      if (request.declaredBytes > limitBytes + FORM_BYTES) {
        return refuse({ reason: "too_large", limitBytes, sizeBytes: request.declaredBytes });
      }
      if (!(await place.take())) return noRoom;
      const { type, format } = kind.value;
      const upload = await buildStub(env, buildId).beginArtifact(access.value, type, format);
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
    if (received.ok) return refuse({ reason: "missing_file" });
    if (upload === null || received.refusal.reason !== "unavailable") return received;
    // Storage fails as well when the build was removed, and the parts of its upload with it: nothing to be tried again.
    const allowed = await buildStub(env, buildId).mayUpload(upload.access);
    return allowed.ok ? received : allowed;
  }
  const { file, fields } = received.value;
  const kind = request.kindOf(fields, true) ?? accept(UNSAID_KIND);
  const described = await describeUpload(env, file, kind, lifetimeAsked(fields));
  const committed = described.ok
    ? await buildStub(env, buildId).commitArtifact(upload.access, upload.id, described.value, request.replaces)
    : described;
  if (!committed.ok || !committed.value.stored) {
    await buildStub(env, buildId).abandonArtifact(upload.id);
    // Refused, stored already, or the build is gone, and with it the alarm that would delete the object: as well as we can.
    await env.ARTIFACTS.delete(file.key).catch((error: unknown) => {
      log("warn", "object_left", { build: buildId, error: String(error) });
    });
  }
  if (!committed.ok) return committed;
  concerns({ runner: committed.value.build.runner?.id ?? null });
  return accept(committed.value.build);
};

/** What the build is to know of the file, all of the form being known: a text part may have come after the file. */
const describeUpload = async (
  env: Env,
  { key, filename, sizeBytes, sha256 }: ReceivedFile,
  kind: Outcome<ArtifactKind>,
  lifetime: Outcome<number | null>,
): Promise<Outcome<UploadedFile>> => {
  if (!kind.ok) return kind;
  if (!lifetime.ok) return lifetime;
  const { type, format } = kind.value;
  const variables = type === "dotenv" ? await readDotenv(env.ARTIFACTS, key, sizeBytes) : accept(null);
  if (!variables.ok) return variables;
  return accept({
    type,
    format,
    filename: cleanFilename(filename, "artifacts.zip"),
    sizeBytes,
    sha256,
    variables: variables.value,
    expiresInMs: lifetime.value,
  });
};

/** What a dotenv report sets. Errors: `invalid` when it is none, `unavailable` when storage lost it. */
const readDotenv = async (bucket: R2Bucket, key: string, sizeBytes: number): Promise<Outcome<DotenvVariable[]>> => {
  if (sizeBytes > MAX_DOTENV_UPLOAD_BYTES) {
    return refuse({ reason: "invalid", field: "dotenv", message: `has more than ${MAX_DOTENV_UPLOAD_BYTES} bytes` });
  }
  try {
    const object = await bucket.get(key);
    if (object !== null) return readDotenvReport(new Uint8Array(await object.arrayBuffer()));
  } catch (error) {
    log("error", "dotenv_unread", { error: String(error) });
  }
  return refuse({ reason: "unavailable", retryAfterSeconds: STORAGE_RETRY_SECONDS });
};

/** For people. `type` as GitLab's `file_type`. Errors: `not_found` build or artifact. */
export const findArtifact = async (env: Env, buildId: number, type: string): Promise<Outcome<ArtifactRecord>> =>
  // The log is one of them when it has been archived; it has a verb of its own, which hides what is secret.
  type === "trace"
    ? refuse({ reason: "not_found", what: "artifact" })
    : retrying(async () => buildStub(env, buildId).artifact(type, null));

/** They expire no more. Errors: `not_found`. */
export const keepArtifacts = (env: Env, buildId: number): Promise<Outcome<BuildSummary>> =>
  retrying(async () => buildStub(env, buildId).keepArtifacts(currentRequest()));

/** All but the log. Errors: `not_found`, `erased`. */
export const deleteArtifacts = (env: Env, buildId: number): Promise<Outcome<BuildSummary>> =>
  retrying(async () => buildStub(env, buildId).deleteArtifacts(null, currentRequest()));

/** The archive for who may have it: the build itself, its project, or a dependant that runs. */
export const findArchive = async (
  env: Env,
  token: string | null,
  buildId: number,
): Promise<Outcome<ArtifactRecord>> => {
  const claims = claimsOf(env, token);
  if (claims?.kind === "download" && claims.id === buildId) {
    const holder = await retrying(async () => buildStub(env, claims.dependant).holder(claims.attempt));
    if (!holder.ok) return refuse({ reason: "stale_token" });
    return retrying(async () => buildStub(env, buildId).artifact("archive", null));
  }
  const access = await accessTo(env, token, buildId);
  if (!access.ok) return access;
  return retrying(async () => buildStub(env, buildId).artifact("archive", access.value));
};

/**
 * The archive for the token of a job that runs: its own, or that of any job of the same project. Errors: `forbidden`,
 * `not_running` and `stale_token` for a token that opens nothing, `not_found` build of another project, `not_found` archive.
 */
export const findArchiveForJob = async (
  env: Env,
  token: string | null,
  buildId: number | null,
): Promise<Outcome<ArtifactRecord>> => {
  const holder = await holderOf(env, token);
  if (!holder.ok) return holder;
  if (buildId === null) return refuse({ reason: "not_found", what: "build" });
  const { id, projectId } = holder.value;
  const isKnown = id === buildId || (await retrying(async () => projectStub(env, projectId).hasBuild(buildId)));
  if (!isKnown) return refuse({ reason: "not_found", what: "build" });
  return retrying(async () => buildStub(env, buildId).artifact("archive", null));
};

/**
 * The file itself, or with `isDirect` the address under which storage hands it out, if there are credentials to sign one
 * with. Errors: `not_found` when its object is gone from storage.
 */
export const downloadArtifact = async (
  env: Env,
  record: ArtifactRecord,
  headers: Headers,
  isDirect = false,
): Promise<Outcome<Response>> => {
  const { r2 } = settingsOf(env);
  if (isDirect && r2 !== null) {
    return accept(new Response(null, { status: 302, headers: { Location: await presignedUrl(r2, record) } }));
  }
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
