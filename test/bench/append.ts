/** Trace appends against one durable insert of the same bytes in one object. */
import type { BuildKey } from "../tools/clients/runner-wire.ts";
import type { BenchProject } from "./coordinator.ts";
import { Connection } from "./http.ts";
import { compare, throughput } from "./measure.ts";
import type { Comparison } from "./measure.ts";

const ROUNDS = 7;

interface Lane {
  readonly connection: Connection;
  readonly build: BuildKey;
  offset: number;
}

/** `lanes` builds at once, each with its own runner; appends per second. */
export const compareAppends = async (
  ours: { readonly url: string; readonly project: BenchProject },
  bareUrl: string,
  { bytes, lanes, perRound }: { bytes: number; lanes: number; perRound: number },
): Promise<Comparison> => {
  const patch = new Uint8Array(bytes).fill(0x61);
  await ours.project.enqueue(lanes);
  const builds: Lane[] = [];
  for (let lane = 0; lane < lanes; lane++) {
    const connection = new Connection(ours.url);
    builds.push({ connection, build: await ours.project.begin(connection), offset: 0 });
  }
  const objects = builds.map((_, lane) => ({ connection: new Connection(bareUrl), path: `/append/${bytes}-${lane}` }));
  const result = await compare(
    ROUNDS,
    () =>
      throughput(lanes, perRound / lanes, async (index) => {
        const lane = builds[index] as Lane;
        await lane.connection.expect(202, ours.project.dialect.patch(lane.build, lane.offset, patch));
        lane.offset += bytes;
      }),
    () =>
      throughput(lanes, perRound / lanes, async (index) => {
        const { connection, path } = objects[index] as (typeof objects)[number];
        await connection.expect(202, { method: "PATCH", path, body: patch });
      }),
  );
  for (const { connection } of [...builds, ...objects]) connection.close();
  return result;
};
