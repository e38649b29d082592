/** What a whole build of 100 patches and one 10 MB artifact is billed for, counted at the bindings. */
import { setTimeout as delay } from "node:timers/promises";
import { Coordinator } from "./coordinator.ts";
import type { Dialect } from "./dialect.ts";
import { Connection } from "./http.ts";
import { multipartHead, MULTIPART_TAIL, MULTIPART_TYPE } from "./transfer.ts";

interface Billed {
  readonly counts: Readonly<Record<"objectRequests" | "rowsWritten" | "r2Writes" | "r2Reads", number>>;
  readonly details: Readonly<Record<string, number>>;
}

export interface Cost {
  readonly perPatch: Billed["counts"];
  readonly rest: Billed["counts"];
  /** Of the rest, by what was called or written. */
  readonly details: Readonly<Record<string, number>>;
}

const PATCHES = 100;
const PATCH_BYTES = 10_000;
const ARTIFACT_BYTES = 10_000_000;
/** After its end a build says the last of what it owes, and moves its trace: fifteen seconds later, by alarm. */
const SETTLE_MS = 25_000;

const since = <T extends Readonly<Record<string, number>>>(before: T, after: T): T =>
  Object.fromEntries(
    Object.entries(after)
      .map(([key, value]) => [key, value - (before[key] ?? 0)] as const)
      .filter(([, value]) => value !== 0),
  ) as T;

export const countCost = async (url: string, dialect: Dialect): Promise<Cost> => {
  const connection = new Connection(url);
  const look = async (): Promise<Billed> =>
    JSON.parse((await connection.expect(200, { method: "GET", path: "/bench/counts" })).body.toString()) as Billed;
  const project = await new Coordinator(url).project("cost", dialect);
  // The first build of a project leases blocks of numbers, once for a hundred of them.
  await project.enqueue(1);
  await project.succeed(connection, await project.claim(connection));
  await delay(SETTLE_MS);

  const before = await look();
  await project.enqueue(1);
  const build = await project.begin(connection);
  const beforePatches = await look();
  for (let patch = 0; patch < PATCHES; patch++) {
    const bytes = new Uint8Array(PATCH_BYTES).fill(0x61);
    await connection.expect(202, dialect.patch(build, patch * PATCH_BYTES, bytes));
  }
  const afterPatches = await look();
  await connection.expect(201, {
    method: "POST",
    path: dialect.artifactsPath(build),
    headers: { ...dialect.buildHeaders(build), "Content-Type": MULTIPART_TYPE },
    body: Buffer.concat([multipartHead(), Buffer.alloc(ARTIFACT_BYTES), MULTIPART_TAIL]),
  });
  await project.succeed(connection, build);
  await delay(SETTLE_MS);
  const after = await look();
  connection.close();

  const patches = since(beforePatches.counts, afterPatches.counts);
  const all = since(before.counts, after.counts);
  const perKind = (value: (kind: keyof Billed["counts"]) => number): Billed["counts"] => ({
    objectRequests: value("objectRequests"),
    rowsWritten: value("rowsWritten"),
    r2Writes: value("r2Writes"),
    r2Reads: value("r2Reads"),
  });
  return {
    perPatch: perKind((kind) => (patches[kind] ?? 0) / PATCHES),
    rest: perKind((kind) => (all[kind] ?? 0) - (patches[kind] ?? 0)),
    details: since(since(beforePatches.details, afterPatches.details), since(before.details, after.details)),
  };
};
