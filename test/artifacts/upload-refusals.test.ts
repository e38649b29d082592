import { afterEach, describe, expect, test, vi } from "vitest";
import { PART_BYTES } from "../../src/artifacts/sink.ts";
import { receiveUpload } from "../../src/artifacts/upload.ts";
import { accept, refuse } from "../../src/core/refusal.ts";
import { BOUNDARY, bytesOf, concat, CONTENT_TYPE, form, inPieces, noise } from "../tools/clients/multipart.ts";
import {
  begun,
  bucket,
  expectNothingStored,
  file,
  KEY,
  malformed,
  MIB,
  receive,
  uploadIds,
  watched,
} from "../tools/clients/uploading.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a refused upload leaves nothing stored, and its body is read to the end", () => {
  const filler = noise(MIB);
  const long = (...before: Uint8Array[]) => watched([...before, ...Array<Uint8Array>(12).fill(filler)]);
  const head = form(file("")).subarray(0, -`\r\n--${BOUNDARY}--\r\n`.length);

  test("when it begins and the owner refuses, with the owner's refusal", async () => {
    const { seen, body } = long(head);
    const outcome = await receive(body, { begin: async () => refuse({ reason: "forbidden" }) });
    expect(outcome).toEqual(refuse({ reason: "forbidden" }));
    expect(seen.end).toBe(true);
    await expectNothingStored();
  });

  test("when it begins and asking the owner fails, which is thrown on", async () => {
    const { seen, body } = long(head);
    const begin = async () => {
      throw new Error("the owner is gone");
    };
    await expect(receive(body, { begin })).rejects.toThrow("the owner is gone");
    expect(seen.end).toBe(true);
    await expectNothingStored();
  });

  test.each([
    ["at once", 5, 0],
    ["after parts were stored", 9 * MIB, 1],
  ])("when the file grows over the limit, %s", async (_, maxBytes, uploads) => {
    const { seen, body } = long(head);
    const outcome = await receive(body, { maxBytes });
    expect(outcome).toEqual(refuse({ reason: "too_large", limitBytes: maxBytes, sizeBytes: expect.any(Number) }));
    expect(!outcome.ok && outcome.refusal.reason === "too_large" && outcome.refusal.sizeBytes).toBeGreaterThan(
      maxBytes,
    );
    expect(seen.end).toBe(true);
    expect(uploadIds).toHaveLength(uploads);
    await expectNothingStored();
  });

  test("when storage fails, to be tried again", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const fail = async () => {
      throw new Error("storage is down");
    };
    const broken = { put: fail, createMultipartUpload: fail, delete: fail } as unknown as R2Bucket;
    const unavailable = refuse({ reason: "unavailable", retryAfterSeconds: 5 });
    const { seen, body } = long(head);
    expect(await receive(body, { bucket: broken })).toEqual(unavailable);
    expect(seen.end).toBe(true);
    expect(await receive(form(file("small")), { bucket: broken })).toEqual(unavailable);
    expect(log).toHaveBeenCalledTimes(2);
  });

  test("when the owner can't note the multipart upload, to be tried again", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const onMultipart = async (uploadId: string) => {
      uploadIds.push(uploadId);
      throw new Error("the owner is gone");
    };
    const outcome = await receive(long(head).body, { begin: async () => accept({ key: KEY, onMultipart }) });
    expect(outcome).toEqual(refuse({ reason: "unavailable", retryAfterSeconds: 5 }));
    expect(uploadIds).toHaveLength(1);
    await expectNothingStored();
  });

  test.each([
    ["only fields", form({ name: "a", content: "1" })],
    ["only metadata", form({ name: "metadata", filename: "metadata.gz", content: "x" })],
    ["a file without a name", form({ name: "file", content: "x" })],
    ["a browser's form without a chosen file", form(file("", ""))],
    ["no parts", bytesOf(`--${BOUNDARY}--\r\n`)],
  ])("when there is no file: %s", async (_, body) => {
    expect(await receive(body)).toEqual(refuse({ reason: "missing_file" }));
    expect(begun).toEqual([]);
  });

  test("when a second file comes, though the first was stored by then", async () => {
    const { seen, body } = watched([form(file(noise(PART_BYTES + 1)), file("second")), filler]);
    expect(await receive(body)).toEqual(malformed("a second file part"));
    expect(seen.end).toBe(true);
    await expectNothingStored();
  });

  test("when the client vanishes, even after the form's end", async () => {
    for (const sent of [form(file(noise(PART_BYTES + 1))), head]) {
      const pieces = [sent];
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          const piece = pieces.pop();
          if (piece === undefined) controller.error(new Error("Network connection lost."));
          else controller.enqueue(piece);
        },
      });
      expect(await receive(body)).toEqual(malformed("the body broke off"));
      await expectNothingStored();
    }
  });

  test.each([
    ["a type that is no form", "application/zip"],
    ["a form of another type", "application/x-www-form-urlencoded"],
    ["no boundary", "multipart/form-data"],
    ["no boundary among parameters", "multipart/form-data; charset=utf-8"],
    ["a boundary longer than any", `multipart/form-data; boundary=${"b".repeat(300)}`],
  ])("when it comes with %s", async (_, contentType) => {
    const { seen, body } = long(form(file("x")));
    expect(await receive(body, {}, contentType)).toEqual(malformed());
    expect(seen.end).toBe(true);
    expect(begun).toEqual([]);
  });

  test("to who may know what is wrong with it alone, by the text parts that came", async () => {
    const asked: unknown[] = [];
    const mayKnow = async (fields: unknown) => {
      asked.push(fields);
      return refuse({ reason: "forbidden" });
    };
    const noFile = form({ name: "token", content: "a" });
    expect(await receive(noFile, { mayKnow })).toEqual(refuse({ reason: "forbidden" }));
    expect(await receive(noFile, { mayKnow }, "text/plain")).toEqual(refuse({ reason: "forbidden" }));
    expect(asked).toEqual([{ token: "a" }, {}]);
  });

  test("when there is no type or no body", async () => {
    const begin = async () => refuse({ reason: "forbidden" });
    const options = { bucket, maxBytes: 1, begin, mayKnow: async () => accept(null), isKnown: () => true };
    expect(await receiveUpload(inPieces([form(file("x"))]), undefined, options)).toEqual(malformed());
    expect(await receiveUpload(null, CONTENT_TYPE, options)).toEqual(malformed());
  });

  const rawPart = (header: string) => concat(bytesOf(`--${BOUNDARY}\r\n${header}\r\n\r\nx\r\n`), form(file("x")));
  test.each([
    ["a part without a name", rawPart("Content-Disposition: form-data")],
    ["a file without a field name", rawPart('Content-Disposition: form-data; filename="a"')],
    ["an endless field", form({ name: "a", content: "x".repeat(200_000) }, file("x"))],
    ["too many fields", form(...Array.from({ length: 101 }, (_, n) => ({ name: `f${n}`, content: "" })), file("x"))],
    [
      "too many files",
      form(...Array.from({ length: 11 }, () => ({ name: "m", filename: "m", content: "x" })), file("x")),
    ],
  ])("when it has %s", async (_, body) => {
    for (const size of [body.byteLength, 1000]) {
      const pieces = [];
      for (let at = 0; at < body.byteLength; at += size) pieces.push(body.subarray(at, at + size));
      const { seen, body: stream } = watched(pieces);
      expect(await receive(stream)).toEqual(malformed());
      expect(seen.end).toBe(true);
    }
    await expectNothingStored();
  });
});

describe("an endless body is given up", () => {
  function* endless(first: Uint8Array): Generator<Uint8Array> {
    yield first;
    const filler = new Uint8Array(16 * MIB);
    for (;;) yield filler;
  }

  test("after a gigabyte, when it is only being dropped", async () => {
    const { seen, body } = watched(endless(form(file("x"))));
    const outcome = await receive(body, { begin: async () => refuse({ reason: "forbidden" }), maxBytes: 5 });
    expect(outcome).toEqual(refuse({ reason: "forbidden" }));
    expect(seen.canceled).toBe(true);
    expect(seen.bytes).toBeGreaterThan(1024 * MIB);
    expect(seen.bytes).toBeLessThan(1060 * MIB);
  });

  test("after a gigabyte beyond the largest file, when it goes on after the form", async () => {
    const { seen, body } = watched(endless(form(file("x"))));
    const outcome = await receive(body, { maxBytes: 5 });
    const sizeBytes = expect.any(Number) as number;
    expect(outcome).toEqual(refuse({ reason: "too_large", limitBytes: 1024 * MIB + 5, sizeBytes }));
    expect(seen.canceled).toBe(true);
    await expectNothingStored();
  });

  test("after two minutes, when nothing more comes", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let canceled = false;
    const pieces = [form(file("x"))];
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const piece = pieces.pop();
        return piece === undefined ? new Promise<void>(() => {}) : controller.enqueue(piece);
      },
      cancel: () => void (canceled = true),
    });
    const outcome = receive(body, { begin: async () => refuse({ reason: "forbidden" }) });
    await vi.waitUntil(() => vi.getTimerCount() === 1);
    await vi.advanceTimersByTimeAsync(119_000);
    expect(canceled).toBe(false);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await outcome).toEqual(refuse({ reason: "forbidden" }));
    expect(canceled).toBe(true);
  });
});

describe("a sender who shows no genuine token", () => {
  const stranger = { isKnown: () => false, mayKnow: async () => refuse({ reason: "forbidden" as const }) };
  const forbidden = refuse({ reason: "forbidden" });
  const slowly = (first: Uint8Array) => {
    const seen = { canceled: false };
    const pieces = [first];
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const piece = pieces.pop();
        return piece === undefined ? new Promise<void>(() => {}) : controller.enqueue(piece);
      },
      cancel: () => void (seen.canceled = true),
    });
    return { seen, body };
  };

  test("is waited for half a minute until a file begins", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { seen, body } = slowly(bytesOf(`--${BOUNDARY}\r\nContent-Disp`));
    const outcome = receive(body, stranger);
    await vi.waitUntil(() => vi.getTimerCount() === 1);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(seen.canceled).toBe(false);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await outcome).toEqual(forbidden);
    expect(seen.canceled).toBe(true);
  });

  test("has no more read of what is refused than 16 MiB", async () => {
    const { seen, body } = watched([form(file("x")), ...Array<Uint8Array>(100).fill(noise(MIB))]);
    expect(await receive(body, { ...stranger, begin: async () => forbidden })).toEqual(forbidden);
    expect(seen.canceled).toBe(true);
    expect(seen.bytes).toBeLessThan(19 * MIB);
  });

  test("is known by a field before the file, and has all of it read", async () => {
    const { seen, body } = watched([
      form({ name: "token", content: "genuine" }, file("x")),
      ...Array<Uint8Array>(30).fill(noise(MIB)),
    ]);
    const isKnown = (fields: Readonly<Record<string, string>>) => fields["token"] === "genuine";
    expect(await receive(body, { isKnown, begin: async () => forbidden })).toEqual(forbidden);
    expect(seen.end).toBe(true);
  });
});

test("a file that doesn't begin within the first MiB of its form comes too late", async () => {
  const fields = Array.from({ length: 20 }, () => ({ name: "a", content: "x".repeat(60_000) }));
  const whole = form(...fields, file("x"));
  const { seen, body } = watched([whole.subarray(0, MIB + 1), whole.subarray(MIB + 1)]);
  expect(await receive(body)).toEqual(malformed("the file comes too late"));
  expect(seen.end).toBe(true);
  await expectNothingStored();
});

test("a file that has begun may take its time", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const whole = form(file("slow"));
  const rest = Promise.withResolvers<void>();
  const tailBytes = `ow\r\n--${BOUNDARY}--\r\n`.length;
  const pieces = [whole.subarray(0, -tailBytes), whole.subarray(-tailBytes)];
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      if (pieces.length === 1) await rest.promise;
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  });
  const outcome = receive(body);
  await vi.waitUntil(() => begun.length === 1 || vi.getTimerCount() === 0);
  await vi.advanceTimersByTimeAsync(600_000);
  rest.resolve();
  expect(await outcome).toMatchObject({ ok: true });
});
