/**
 * What the builds of a fleet do, derived from their ids alone: whoever verifies a log or an archive makes it anew instead
 * of keeping it.
 */
import { createHash } from "node:crypto";

export interface Plan {
  /** The log is written in so many pieces, `pauseMs` apart. */
  readonly pieces: number;
  readonly pauseMs: number;
  readonly result: "success" | "failed";
  /** Null when the build has no artifacts. */
  readonly artifactBytes: number | null;
  /** So long after its creation a consumer cancels it. */
  readonly cancelAfterMs: number | null;
  /** A consumer follows its log from the beginning. */
  readonly followed: boolean;
  /** A consumer retries it when it has ended. */
  readonly retried: boolean;
  /** Its runner dies without a word when half of the log is written. */
  readonly abandoned: boolean;
}

const MEGABYTE = 1024 * 1024;

const digestOf = (text: string): Buffer => createHash("sha256").update(text).digest();

/** True for one of `n` builds. `salt` makes choices independent of each other. */
const oneOf = (n: number, buildId: number, salt: string): boolean =>
  digestOf(`${salt} ${buildId}`).readUInt32LE(0) % n === 0;

export interface Mix {
  readonly pauseMs: number;
  /** One of so many builds loses its runner; none with 0. */
  readonly abandonOneOf: number;
}

export const planOf = (buildId: number, mix: Mix): Plan => {
  const digest = digestOf(`plan ${buildId}`);
  const some = (at: number, most: number): number => digest.readUInt32LE(at) % most;
  // Larger than a part of a multipart upload, as few are.
  const sizeBytes = oneOf(40, buildId, "large") ? 9 * MEGABYTE + some(0, MEGABYTE) : 1 + some(0, 64 * 1024);
  return {
    pieces: 3 + some(4, 10),
    pauseMs: mix.pauseMs,
    result: oneOf(5, buildId, "failed") ? "failed" : "success",
    artifactBytes: oneOf(2, buildId, "artifact") ? sizeBytes : null,
    cancelAfterMs: oneOf(8, buildId, "cancel") ? some(8, 12 * mix.pauseMs) : null,
    followed: oneOf(4, buildId, "follow"),
    retried: oneOf(12, buildId, "retry"),
    abandoned: mix.abandonOneOf > 0 && oneOf(mix.abandonOneOf, buildId, "abandon"),
  };
};

/** Each line names its build, its attempt and its place, so that no other bytes could stand for it. */
export const logOf = (buildId: number, attempt: number): Buffer => {
  const digest = digestOf(`log ${buildId}`);
  const lines = 20 + (digest.readUInt32LE(0) % 200);
  // Some are long: their patches become rows of their own size.
  const width = oneOf(16, buildId, "long") ? 40 : 1;
  return Buffer.from(
    Array.from({ length: lines }, (_, line) => {
      const padding = ".".repeat(width * ((digest[line % digest.length] ?? 0) % 64));
      return `build ${buildId} attempt ${attempt} line ${line} ${padding}\n`;
    }).join(""),
  );
};

/** Of a log that began with these bytes; null when they don't tell. */
export const attemptOfLog = (bytes: Buffer): number | null => {
  const attempt = /^build \d+ attempt (\d+) /.exec(bytes.toString("latin1", 0, 80))?.[1];
  return attempt === undefined ? null : Number(attempt);
};

export const archiveOf = (buildId: number, sizeBytes: number): Buffer =>
  Buffer.alloc(sizeBytes, digestOf(`archive ${buildId}`));

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
