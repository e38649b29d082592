import { AwsClient } from "aws4fetch";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { presignedUrl } from "../../src/artifacts/presign.ts";
import { readSettings } from "../../src/settings.ts";

const r2 = { accountId: "acc", bucketName: "artifacts", accessKeyId: "key", secretAccessKey: "secret" };
const artifact = { key: "builds/7/archive-1", filename: 'my "zip".zip', sizeBytes: 3, sha256: "00" };

describe("a presigned address", () => {
  it("names the object at R2, its filename, and how long it is good", async () => {
    const url = new URL(await presignedUrl(r2, artifact));
    expect(url.origin + url.pathname).toBe("https://acc.r2.cloudflarestorage.com/artifacts/builds/7/archive-1");
    expect(url.searchParams.get("X-Amz-Expires")).toBe("600");
    expect(url.searchParams.get("response-content-disposition")).toContain("attachment");
    expect(url.href).not.toContain("secret");
  });

  it("is signed for these parameters by the secret", async () => {
    const url = new URL(await presignedUrl(r2, artifact));
    const signature = url.searchParams.get("X-Amz-Signature");
    const signed = async (secretAccessKey: string) => {
      const again = new URL(url);
      for (const name of url.searchParams.keys()) {
        if (/^X-Amz-(?!Expires)/.test(name)) again.searchParams.delete(name);
      }
      const client = new AwsClient({ accessKeyId: r2.accessKeyId, secretAccessKey, service: "s3", region: "auto" });
      const datetime = url.searchParams.get("X-Amz-Date") ?? "";
      const request = await client.sign(again, { method: "GET", aws: { signQuery: true, datetime } });
      return new URL(request.url).searchParams.get("X-Amz-Signature");
    };
    expect(await signed("secret")).toBe(signature);
    expect(await signed("another")).not.toBe(signature);
  });
});

describe("R2 credentials", () => {
  const all = { R2_ACCOUNT_ID: "acc", R2_ACCESS_KEY_ID: "key", R2_SECRET_ACCESS_KEY: "secret" };

  it("are none, or all of them", () => {
    const settings = readSettings({ ...env });
    expect(settings.ok && settings.settings.r2).toBeNull();
    const given = readSettings({ ...env, ...all });
    expect(given.ok && given.settings.r2).toEqual({ ...r2, bucketName: "signalbox-artifacts" });
  });

  it("in part are refused, and the missing ones named", () => {
    const settings = readSettings({ ...env, ...all, R2_ACCOUNT_ID: "" });
    expect(settings).toEqual({ ok: false, problem: "for direct downloads R2_ACCOUNT_ID must be set as well" });
  });
});
