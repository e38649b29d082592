import { env } from "cloudflare:workers";
import { beforeEach, expect } from "vitest";
import { receiveUpload, type UploadOptions } from "../../../src/artifacts/upload.ts";
import { accept, refuse } from "../../../src/core/refusal.ts";
import { CONTENT_TYPE, inPieces } from "./multipart.ts";

export const bucket = env.ARTIFACTS;
export const KEY = "builds/1/1";
export const MIB = 1024 * 1024;

/** Where the upload got to: what `begin` was asked, and the multipart uploads that it was told of. */
export const begun: { fields: Readonly<Record<string, string>>; filename: string }[] = [];
export const uploadIds: string[] = [];

beforeEach(async () => {
  begun.length = 0;
  uploadIds.length = 0;
  await bucket.delete(KEY);
});

/** Hands `body` in with an owner that accepts it. */
export const receive = (
  body: Uint8Array | ReadableStream<Uint8Array> | null,
  options: Partial<UploadOptions> = {},
  contentType: string | undefined = CONTENT_TYPE,
) =>
  receiveUpload(body instanceof Uint8Array ? inPieces([body]) : body, contentType, {
    bucket,
    maxBytes: 99_000_000,
    mayKnow: async () => accept(null),
    isKnown: () => true,
    begin: async (fields, filename) => {
      begun.push({ fields, filename });
      return accept({ key: KEY, onMultipart: async (uploadId) => void uploadIds.push(uploadId) });
    },
    ...options,
  });

export const storedBytes = async (): Promise<Uint8Array | null> => {
  const object = await bucket.get(KEY);
  return object === null ? null : new Uint8Array(await object.arrayBuffer());
};

export const expectNothingStored = async (): Promise<void> => {
  expect((await bucket.list()).objects).toEqual([]);
  for (const uploadId of uploadIds) {
    await expect(bucket.resumeMultipartUpload(KEY, uploadId).uploadPart(1, "x")).rejects.toThrow();
  }
};

export const malformed = (message: unknown = expect.any(String)) =>
  refuse({ reason: "malformed_body", message: message as string });

/** A body that tells how much of it was taken, and whether its end was seen. */
export const watched = (pieces: Iterable<Uint8Array>) => {
  const seen = { bytes: 0, end: false, canceled: false };
  const iterator = pieces[Symbol.iterator]();
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const { done, value } = iterator.next();
        if (done === true) {
          seen.end = true;
          return controller.close();
        }
        seen.bytes += value.byteLength;
        controller.enqueue(Uint8Array.from(value));
      },
      cancel: () => void (seen.canceled = true),
    },
    { highWaterMark: 0 },
  );
  return { seen, body };
};

export const file = (content: string | Uint8Array, filename = "artifacts.zip") => ({ name: "file", filename, content });
