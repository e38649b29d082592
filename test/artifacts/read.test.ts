import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { downloadResponse } from "../../src/artifacts/read.ts";
import { sha256 } from "../tools/clients/multipart.ts";

const content = new TextEncoder().encode("0123456789");
const artifact = { key: "read-me", filename: "größe.zip", sizeBytes: 10, sha256: sha256(content) };
const empty = { key: "empty", filename: "empty.zip", sizeBytes: 0, sha256: sha256(new Uint8Array()) };
const etag = `"${artifact.sha256}"`;

const download = async (headers: Record<string, string>, of = artifact): Promise<Response> => {
  const response = await downloadResponse(env.ARTIFACTS, of, new Headers(headers));
  if (response === null) throw new Error("there is no object");
  return response;
};

/** `text()` warns of bodies that aren't text. */
const textOf = async (response: Response): Promise<string> => new TextDecoder().decode(await response.arrayBuffer());

beforeAll(async () => {
  await env.ARTIFACTS.put(artifact.key, content);
  await env.ARTIFACTS.put(empty.key, new Uint8Array());
});

test("a plain download is the whole, as an attachment that names its version", async () => {
  const response = await download({});
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toEqual({
    "accept-ranges": "bytes",
    "content-disposition": `attachment; filename="gr__e.zip"; filename*=UTF-8''gr%C3%B6%C3%9Fe.zip`,
    "content-length": "10",
    "content-transfer-encoding": "binary",
    "content-type": "application/octet-stream",
    etag,
  });
  expect(await textOf(response)).toBe("0123456789");
});

test.each([
  ["bytes=0-0", "0", "bytes 0-0/10"],
  ["bytes=2-4", "234", "bytes 2-4/10"],
  ["bytes=7-", "789", "bytes 7-9/10"],
  ["bytes=-2", "89", "bytes 8-9/10"],
  ["bytes=5-999", "56789", "bytes 5-9/10"],
])("the range %s is that part alone", async (range, expected, contentRange) => {
  const response = await download({ Range: range });
  expect(response.status).toBe(206);
  expect(response.headers.get("Content-Range")).toBe(contentRange);
  expect(response.headers.get("Content-Length")).toBe(String(expected.length));
  expect(response.headers.get("ETag")).toBe(etag);
  expect(response.headers.get("Accept-Ranges")).toBe("bytes");
  expect(await textOf(response)).toBe(expected);
});

test.each(["bytes=0-1,4-5", "bytes=4-2", "lines=1-2"])(
  "the range %s is not understood, so the whole comes",
  async (range) => {
    const response = await download({ Range: range });
    expect(response.status).toBe(200);
    expect(response.headers.has("Content-Range")).toBe(false);
    expect(await textOf(response)).toBe("0123456789");
  },
);

test.each(["bytes=10-", "bytes=-0"])("the range %s lies outside: 416 tells the size", async (range) => {
  const response = await download({ Range: range });
  expect(response.status).toBe(416);
  expect(response.headers.get("Content-Range")).toBe("bytes */10");
  expect(await textOf(response)).toBe("");
});

describe("a client that has this version already", () => {
  test.each([etag, `W/${etag}`, "*", `"other", ${etag}`, `"other",W/${etag}`])(
    "hears so: If-None-Match %s",
    async (tags) => {
      const response = await download({ "If-None-Match": tags, Range: "bytes=0-1" });
      expect(response.status).toBe(304);
      expect(response.headers.get("ETag")).toBe(etag);
      expect(await textOf(response)).toBe("");
    },
  );

  test.each([`"other"`, artifact.sha256, ""])("is not one that says If-None-Match %j", async (tags) => {
    expect((await download({ "If-None-Match": tags })).status).toBe(200);
  });
});

describe("a range of one version", () => {
  test("is served while that is the version", async () => {
    expect((await download({ Range: "bytes=1-2", "If-Range": etag })).status).toBe(206);
  });

  test.each([`W/${etag}`, `"other"`, "Tue, 15 Nov 2026 12:45:26 GMT"])(
    "is not served for If-Range %s, the whole is",
    async (condition) => {
      const response = await download({ Range: "bytes=1-2", "If-Range": condition });
      expect(response.status).toBe(200);
      expect(await textOf(response)).toBe("0123456789");
    },
  );

  test("is not refused when it lies outside another version", async () => {
    expect((await download({ Range: "bytes=99-", "If-Range": `"other"` })).status).toBe(200);
  });
});

test("an empty artifact is a valid download", async () => {
  const response = await download({ Range: "bytes=-5" }, empty);
  expect(response.status).toBe(200);
  expect(response.headers.get("Content-Length")).toBe("0");
  expect(await textOf(response)).toBe("");
});

test.each([
  ["whole", {}],
  ["in part", { Range: "bytes=0-0" }],
  ["with a range outside", { Range: "bytes=99-" }],
  ["conditionally", { "If-None-Match": etag }],
])("an object that is gone is null, asked for %s", async (_, headers: Record<string, string>) => {
  expect(await downloadResponse(env.ARTIFACTS, { ...artifact, key: "gone" }, new Headers(headers))).toBeNull();
});
