import { type ByteRange, parseRange } from "../core/byte-range.ts";
import { contentDisposition } from "../core/artifact/filename.ts";

export interface StoredArtifact {
  readonly key: string;
  readonly filename: string;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/**
 * A download of `artifact`, streamed: 200, 206 for a single range, 304 or 416, as `Range`, `If-Range` and `If-None-Match`
 * of the request's headers ask. Both dialects say it in the same words. Null when the object is not in the bucket.
 */
export const downloadResponse = async (
  bucket: R2Bucket,
  artifact: StoredArtifact,
  request: Headers,
): Promise<Response | null> => {
  const etag = `"${artifact.sha256}"`;
  const always = { "Accept-Ranges": "bytes", ETag: etag };
  const withoutBody = async (status: 304 | 416, headers: Record<string, string>): Promise<Response | null> =>
    (await bucket.head(artifact.key)) === null ? null : new Response(null, { status, headers });

  if (namesEtag(request.get("If-None-Match"), etag)) return withoutBody(304, always);
  const range = askedRange(request, etag, artifact.sizeBytes);
  if (range.kind === "unsatisfiable") {
    return withoutBody(416, { ...always, "Content-Range": `bytes */${artifact.sizeBytes}` });
  }

  const { offset, length } = range.kind === "part" ? range : { offset: 0, length: artifact.sizeBytes };
  const object = await bucket.get(artifact.key, range.kind === "part" ? { range: { offset, length } } : {});
  if (object === null) return null;
  const headers = new Headers({
    ...always,
    "Content-Type": "application/octet-stream",
    "Content-Transfer-Encoding": "binary",
    "Content-Disposition": contentDisposition(artifact.filename),
    "Content-Length": String(length),
  });
  if (range.kind === "whole") return new Response(object.body, { headers });
  headers.set("Content-Range", `bytes ${offset}-${offset + length - 1}/${artifact.sizeBytes}`);
  return new Response(object.body, { status: 206, headers });
};

/** A range of some other version is not what the client wants: without a strong match it gets the whole (RFC 9110, 13.1.5). */
const askedRange = (request: Headers, etag: string, sizeBytes: number): ByteRange => {
  const condition = request.get("If-Range");
  if (condition !== null && condition.trim() !== etag) return { kind: "whole" };
  return parseRange(request.get("Range") ?? undefined, sizeBytes);
};

/** Weak comparison, as RFC 9110, 13.1.2 asks. Our tags hold no commas, so that splitting there can't make a false match. */
const namesEtag = (header: string | null, etag: string): boolean =>
  header !== null && header.split(",").some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === etag);
