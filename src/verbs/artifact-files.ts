/** Single files out of archives, and archives by what their build is called. */
import { openZipFile } from "../artifacts/zip-file.ts";
import type { ArtifactRecord } from "../builds/artifacts.ts";
import { contentTypeOf } from "../core/artifact/content-type.ts";
import { cleanFilename, contentDisposition } from "../core/artifact/filename.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import { projectStub } from "../stubs.ts";
import { findArtifact } from "./artifacts.ts";
import { retrying } from "./call.ts";

const notFound = refuse({ reason: "not_found", what: "artifact" });

/** A path inside an archive: what climbs out of it, or is a folder, is no file. */
const isFilePath = (path: string): boolean =>
  path.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..");

/** Streams one file of an archive. Errors: those of `openZipFile`. */
export const downloadFile = async (env: Env, archive: ArtifactRecord, path: string): Promise<Outcome<Response>> => {
  if (!isFilePath(path)) return notFound;
  const file = await openZipFile(env.ARTIFACTS, archive.key, archive.sizeBytes, path);
  if (!file.ok) return file;
  const filename = cleanFilename(path, "file");
  const headers = {
    "Content-Type": contentTypeOf(filename),
    "Content-Disposition": contentDisposition(filename),
    "Content-Length": String(file.value.sizeBytes),
    "X-Content-Type-Options": "nosniff",
  };
  return accept(new Response(file.value.body, { headers }));
};

/** The archive of the latest successful build of this name and ref. Errors: `not_found` when there is none, or it has none. */
export const findArchiveOf = async (
  env: Env,
  projectId: number,
  ref: string,
  name: string,
): Promise<Outcome<ArtifactRecord>> => {
  const build = await retrying(async () => projectStub(env, projectId).latestSuccess(ref, name));
  if (!build.ok) return refuse(build.refusal);
  return build.value === null ? notFound : findArtifact(env, build.value, "archive");
};

/** Begins to delete the artifacts of all builds that the project has now. Errors: `not_found`. */
export const deleteProjectArtifacts = (env: Env, projectId: number): Promise<Outcome<null>> =>
  projectStub(env, projectId).deleteArtifacts();
