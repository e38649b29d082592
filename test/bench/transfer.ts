/** Uploads and downloads against streaming the same bytes into and out of R2. */
import { request } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { BuildKey } from "../tools/clients/runner-wire.ts";
import type { BenchProject } from "./coordinator.ts";
import type { Dialect } from "./dialect.ts";
import { Connection } from "./http.ts";
import { compare } from "./measure.ts";
import type { Comparison } from "./measure.ts";

const BOUNDARY = "signalbox-bench";
export const MULTIPART_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;
const FILE_HEADERS =
  'Content-Disposition: form-data; name="file"; filename="artifacts.zip"\r\nContent-Type: application/octet-stream';

export const multipartHead = (): Buffer => Buffer.from(`--${BOUNDARY}\r\n${FILE_HEADERS}\r\n\r\n`);
export const MULTIPART_TAIL = Buffer.from(`\r\n--${BOUNDARY}--\r\n`);

/** What Go's HTTP client copies at a time. */
const CHUNK_BYTES = 32 * 1024;

function* pieces(bytes: number): Generator<Buffer, void> {
  const piece = Buffer.alloc(CHUNK_BYTES, "signalbox");
  for (let left = bytes; left > 0; left -= CHUNK_BYTES) yield left < CHUNK_BYTES ? piece.subarray(0, left) : piece;
}

function* form(bytes: number): Generator<Buffer, void> {
  yield multipartHead();
  yield* pieces(bytes);
  yield MULTIPART_TAIL;
}

/** Sends a body of unknown length, chunked as runners send it; resolves with the status. */
const send = async (
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  body: Iterable<Buffer>,
): Promise<number> => {
  const outgoing = request(url, { method, headers: { ...headers, "Transfer-Encoding": "chunked" }, agent: false });
  const answered = new Promise<number>((resolve, reject) => {
    outgoing.on("error", reject);
    outgoing.on("response", (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    });
  });
  await Promise.all([pipeline(Readable.from(body, { objectMode: false }), outgoing), answered]);
  return answered;
};

const receive = async (url: string, headers: Readonly<Record<string, string>>): Promise<number> =>
  new Promise((resolve, reject) => {
    request(url, { headers, agent: false }, (response) => {
      let bytes = 0;
      response.on("data", (piece: Buffer) => (bytes += piece.length));
      response.on("end", () => resolve(bytes));
      response.on("error", reject);
    })
      .on("error", reject)
      .end();
  });

const check = (what: string, actual: number, expected: number): void => {
  if (actual !== expected) throw new Error(`${what}: ${actual} instead of ${expected}`);
};

export const uploadArtifact = async (url: string, dialect: Dialect, build: BuildKey, bytes: number): Promise<void> => {
  const headers = { ...dialect.buildHeaders(build), "Content-Type": MULTIPART_TYPE };
  const status = await send(`${url}${dialect.artifactsPath(build)}`, "POST", headers, form(bytes));
  check("upload", status, 201);
};

/** A running build that takes uploads. */
export const uploadingBuild = async (url: string, project: BenchProject): Promise<BuildKey> => {
  const connection = new Connection(url);
  await project.enqueue(1);
  const build = await project.begin(connection);
  await connection.expect(202, project.dialect.patch(build, 0, new Uint8Array(100).fill(0x61)));
  connection.close();
  return build;
};

/** Megabytes per second, up and down. */
export const compareTransfers = async (
  ours: { readonly url: string; readonly project: BenchProject },
  bareUrl: string,
  { bytes, rounds }: { bytes: number; rounds: number },
): Promise<{ readonly upload: Comparison; readonly download: Comparison }> => {
  const { dialect } = ours.project;
  const build = await uploadingBuild(ours.url, ours.project);
  const rate = async (transfer: () => Promise<void>): Promise<number> => {
    const startedMs = performance.now();
    await transfer();
    return bytes / 1e6 / ((performance.now() - startedMs) / 1000);
  };
  const upload = await compare(
    rounds,
    () => rate(() => uploadArtifact(ours.url, dialect, build, bytes)),
    () =>
      rate(async () => {
        const status = await send(`${bareUrl}/upload/bytes`, "PUT", {}, pieces(bytes));
        check("bare upload", status, 201);
      }),
  );
  const archive = `${ours.url}${dialect.artifactsPath(build)}`;
  const download = await compare(
    rounds,
    () => rate(async () => check("download", await receive(archive, dialect.buildHeaders(build)), bytes)),
    () => rate(async () => check("bare download", await receive(`${bareUrl}/download/bytes`, {}), bytes)),
  );
  return { upload, download };
};
