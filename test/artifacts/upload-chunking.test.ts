import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { receiveUpload } from "../../src/artifacts/upload.ts";
import { accept, refuse } from "../../src/core/refusal.ts";
import {
  BOUNDARY,
  bytesOf,
  concat,
  CONTENT_TYPE,
  form,
  inPieces,
  noise,
  randomFrom,
  sha256,
  split,
} from "../tools/clients/multipart.ts";

/**
 * Networks cut bodies anywhere. The content looks like what the parser searches for, above all where the file begins and
 * ends: whatever it takes for a boundary, drops, repeats or overwrites shows in the bytes that were stored.
 */
const NOISE = `--${BOUNDARY.slice(0, 7)}\r\n--${BOUNDARY.slice(0, -1)}\r\r\n\r\n--${BOUNDARY.slice(0, 3)}-\n--${BOUNDARY}x\r\n-`;
const CONTENT = concat(bytesOf(NOISE), noise(40), bytesOf(`\r\n\r\n--\r\n--${BOUNDARY.slice(0, 9)}\r\n`));
const FILE = { name: "file", filename: "a.zip", content: CONTENT };
const BODY = form({ name: "token", content: "t" }, { name: "type", content: "\r\n-" }, FILE, {
  name: "last",
  content: "z",
});
const RECEIVED = {
  file: { key: "key", filename: "a.zip", sizeBytes: CONTENT.byteLength, sha256: sha256(CONTENT) },
  fields: { token: "t", type: "\r\n-", last: "z" },
};

/** A bucket that remembers what it was given: thousands of bodies are a matter for memory, not for a simulated disk. */
let stored: Map<string, Uint8Array>;
let begunWith: Readonly<Record<string, string>> | null;
const bucket = {
  put: async (key: string, bytes: Uint8Array) => void stored.set(key, Uint8Array.from(bytes)),
  delete: async (key: string) => void stored.delete(key),
} as unknown as R2Bucket;

beforeEach(() => {
  stored = new Map();
  begunWith = null;
});

/** What nobody caught: the parser reports some errors on streams that it hands out, in a later tick. */
const uncaught: unknown[] = [];
// The types know no such event; the runtime has it.
(globalThis as unknown as EventTarget).addEventListener("error", (event) => void uncaught.push(event));
afterEach(() => expect(uncaught).toEqual([]));

const receive = (pieces: Iterable<Uint8Array>, into: R2Bucket = bucket) =>
  receiveUpload(inPieces(pieces), CONTENT_TYPE, {
    bucket: into,
    maxBytes: 1_000_000,
    mayKnow: async () => accept(null),
    isKnown: () => true,
    begin: async (fields) => {
      begunWith = fields;
      return accept({ key: "key", onMultipart: async () => {} });
    },
  });

const expectReceived = async (pieces: Iterable<Uint8Array>, how: string): Promise<void> => {
  stored.clear();
  expect(await receive(pieces), how).toEqual(accept(RECEIVED));
  expect(begunWith, how).toEqual({ token: "t", type: "\r\n-" });
  expect(sha256(stored.get("key")!), how).toBe(RECEIVED.file.sha256);
};

describe("a body arrives the same however it is cut", () => {
  test("in two at every offset", async () => {
    for (let at = 0; at <= BODY.byteLength; at++) {
      await expectReceived([BODY.subarray(0, at), BODY.subarray(at)], `cut at ${at}`);
    }
  });

  test.each([1, 2, 3, 7])("into pieces of %i bytes", async (size) => {
    await expectReceived(
      split(BODY, () => size),
      `in pieces of ${size}`,
    );
  });

  test("in three, where the file begins, at every pair of offsets", async () => {
    // The end of the part's header and a content that begins like a boundary: the parser has to look back on both at once.
    const content = `--${BOUNDARY.slice(0, 5)}..\r\n--${BOUNDARY.slice(0, 5)}..`;
    const short = form({ ...FILE, content });
    const begin = short.byteLength - `\r\n--${BOUNDARY}--\r\n`.length - content.length;
    for (let first = begin - 4; first < begin + content.length; first++) {
      for (let second = first + 1; second <= begin + content.length; second++) {
        stored.clear();
        await receive([short.subarray(0, first), short.subarray(first, second), short.subarray(second)]);
        expect(new TextDecoder().decode(stored.get("key")), `cut at ${first} and ${second}`).toBe(content);
      }
    }
  });

  const seed = Math.floor(Math.random() * 2 ** 31);
  test(`at random, seed ${seed}`, async () => {
    const random = randomFrom(seed);
    for (let round = 0; round < 200; round++) {
      const largest = 1 + Math.floor(random() * 60);
      await expectReceived(
        split(BODY, () => 1 + Math.floor(random() * largest)),
        `seed ${seed}, round ${round}`,
      );
    }
  });

  test("with the file first, and with an empty file", async () => {
    for (const content of [CONTENT, new Uint8Array()]) {
      const body = form({ ...FILE, content }, { name: "last", content: "z" });
      for (let at = 0; at <= body.byteLength; at++) {
        const outcome = await receive([body.subarray(0, at), body.subarray(at)]);
        expect(outcome.ok && outcome.value.fields, `cut at ${at}`).toEqual({ last: "z" });
        expect(stored.get("key"), `cut at ${at}`).toEqual(content);
      }
    }
  });
});

test("a body that ends early, wherever, is refused and leaves nothing in the bucket", async () => {
  const complete = BODY.byteLength - "\r\n".length;
  const refused = refuse({ reason: "malformed_body", message: "the body ends early" });
  for (let end = 0; end < complete; end++) {
    expect(await receive([BODY.subarray(0, end)], env.ARTIFACTS), `whole, up to ${end}`).toEqual(refused);
    const pieces = split(BODY.subarray(0, end), () => 5);
    expect(await receive(pieces, env.ARTIFACTS), `in pieces, up to ${end}`).toEqual(refused);
  }
  expect((await env.ARTIFACTS.list()).objects).toEqual([]);
  await expectReceived([BODY.subarray(0, complete)], "without the line break after its end");
});

const damageSeed = Math.floor(Math.random() * 2 ** 31);
test(`a damaged body gets an answer, never an exception, seed ${damageSeed}`, async () => {
  const random = randomFrom(damageSeed);
  for (let round = 0; round < 500; round++) {
    const damaged = Uint8Array.from(BODY);
    for (let blow = 0; blow < 3; blow++) {
      damaged[Math.floor(random() * damaged.length)] = Math.floor(random() * 256);
    }
    stored.clear();
    const largest = 1 + Math.floor(random() * damaged.length);
    const outcome = await receive(split(damaged, () => 1 + Math.floor(random() * largest)));
    expect(stored.has("key"), `seed ${damageSeed}, round ${round}`).toBe(outcome.ok);
  }
});
