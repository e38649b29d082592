/** Addresses under which R2 itself hands out an object: the bytes then don't pass through the Worker. */
import { AwsClient } from "aws4fetch";
import type { R2Credentials } from "../settings.ts";
import { contentDisposition } from "../core/artifact/filename.ts";
import type { StoredArtifact } from "./read.ts";

/** Long enough for a download to begin, and for its parts to be fetched one after the other. */
const GOOD_FOR_SECONDS = 600;

/** A presigned GET by R2's S3 interface (SigV4 in the query), good for ten minutes for anybody who has it. */
export const presignedUrl = async (r2: R2Credentials, { key, filename }: StoredArtifact): Promise<string> => {
  const { accessKeyId, secretAccessKey } = r2;
  const client = new AwsClient({ accessKeyId, secretAccessKey, service: "s3", region: "auto" });
  const url = new URL(`https://${r2.accountId}.r2.cloudflarestorage.com/${r2.bucketName}/${key}`);
  url.searchParams.set("X-Amz-Expires", String(GOOD_FOR_SECONDS));
  url.searchParams.set("response-content-disposition", contentDisposition(filename));
  return (await client.sign(url, { method: "GET", aws: { signQuery: true } })).url;
};
