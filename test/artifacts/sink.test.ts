import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { PART_BYTES, R2Sink } from "../../src/artifacts/sink.ts";
import { noise, sha256, split } from "../tools/clients/multipart.ts";

const bucket = env.ARTIFACTS;

const open = (bucketUsed: R2Bucket = bucket) => {
  const key = crypto.randomUUID();
  const uploadIds: string[] = [];
  const sink = new R2Sink(bucketUsed, key, async (uploadId) => void uploadIds.push(uploadId));
  return { key, uploadIds, sink };
};

const writeInPieces = async (sink: R2Sink, bytes: Uint8Array, pieceBytes: number): Promise<void> => {
  for (const piece of split(bytes, () => pieceBytes)) await sink.write(piece);
};

/** A bucket of which some methods fail. */
const failing = (broken: Partial<R2Bucket>): R2Bucket =>
  new Proxy(bucket, {
    get: (target, name) => {
      if (name in broken) return broken[name as keyof R2Bucket];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

const isGone = async (key: string, uploadId: string): Promise<boolean> =>
  await bucket
    .resumeMultipartUpload(key, uploadId)
    .uploadPart(1, "x")
    .then(
      () => false,
      () => true,
    );

describe("what is written is what is stored", () => {
  test.each([
    ["nothing at all", 0, 0],
    ["one byte", 1, 0],
    ["a byte less than a part", PART_BYTES - 1, 0],
    ["exactly a part", PART_BYTES, 0],
    ["a byte more than a part", PART_BYTES + 1, 1],
    ["exactly two parts", 2 * PART_BYTES, 1],
    ["two parts and some", 2 * PART_BYTES + 12_345, 1],
  ])("%s", async (_, length, uploads) => {
    const { key, uploadIds, sink } = open();
    const bytes = noise(length);
    await writeInPieces(sink, bytes, 1_000_003);
    expect(await bucket.head(key)).toBeNull();
    expect(await sink.complete()).toEqual({ sizeBytes: length, sha256: sha256(bytes) });
    const object = await bucket.get(key);
    expect(object?.size).toBe(length);
    expect(sha256(new Uint8Array(await object!.arrayBuffer()))).toBe(sha256(bytes));
    expect(uploadIds).toHaveLength(uploads);
  });

  test("in one chunk that spans parts", async () => {
    const { key, sink } = open();
    const bytes = noise(2 * PART_BYTES + 1);
    await sink.write(bytes);
    expect((await sink.complete()).sha256).toBe(sha256(bytes));
    expect(sha256(new Uint8Array(await (await bucket.get(key))!.arrayBuffer()))).toBe(sha256(bytes));
  });
});

test("the owner knows the upload before the first part is sent", async () => {
  const events: string[] = [];
  const recording = failing({
    createMultipartUpload: async (key: string) => {
      const upload = await bucket.createMultipartUpload(key);
      events.push("created");
      return { ...upload, uploadId: upload.uploadId, uploadPart: async () => (events.push("part"), fail()) };
    },
  });
  const sink = new R2Sink(recording, crypto.randomUUID(), async () => {
    await Promise.resolve();
    events.push("told");
  });
  await expect(sink.write(noise(PART_BYTES + 1))).rejects.toThrow("storage is down");
  expect(events).toEqual(["created", "told", "part"]);
});

describe("after an abort nothing is stored", () => {
  test("of an upload whose parts were sent", async () => {
    const { key, uploadIds, sink } = open();
    await sink.write(noise(PART_BYTES + 1));
    await sink.abort();
    expect(await isGone(key, uploadIds[0]!)).toBe(true);
    expect(await bucket.head(key)).toBeNull();
  });

  test("of one that the owner would not hear of", async () => {
    const key = crypto.randomUUID();
    let id = "";
    const sink = new R2Sink(bucket, key, async (uploadId) => {
      id = uploadId;
      throw new Error("the owner is gone");
    });
    await expect(sink.write(noise(PART_BYTES + 1))).rejects.toThrow("the owner is gone");
    await sink.abort();
    expect(await isGone(key, id)).toBe(true);
  });

  test.each([
    ["small", 3],
    ["large", PART_BYTES + 1],
  ])("of a %s one that was completed", async (_, length) => {
    const { key, sink } = open();
    await sink.write(noise(length));
    await sink.complete();
    await sink.abort();
    expect(await bucket.head(key)).toBeNull();
  });

  test("of a put that failed for us and was carried out all the same", async () => {
    const answerLost = failing({
      put: async (...put: Parameters<R2Bucket["put"]>) => (await bucket.put(...put), fail()),
    });
    const { key, sink } = open(answerLost);
    await sink.write(noise(3));
    await expect(sink.complete()).rejects.toThrow("storage is down");
    expect(await bucket.head(key)).not.toBeNull();
    await sink.abort();
    expect(await bucket.head(key)).toBeNull();
  });

  test("and it may be called at any time, any number of times, while storage is down too", async () => {
    const fresh = open().sink;
    await fresh.abort();
    await fresh.abort();
    const down = open(failing({ put: fail, delete: fail })).sink;
    await expect(down.complete()).rejects.toThrow("storage is down");
    await down.abort();
    await down.abort();
  });
});

const fail = async (): Promise<never> => {
  throw new Error("storage is down");
};
