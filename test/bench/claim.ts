/** Claims against one durable write in one warm object and one write plus `setAlarm` in an object as old as the build's. */
import { setTimeout as delay } from "node:timers/promises";
import type { BuildKey } from "../tools/clients/runner-wire.ts";
import type { BenchProject } from "./coordinator.ts";
import { Connection } from "./http.ts";
import { compare, throughput } from "./measure.ts";
import type { Comparison } from "./measure.ts";

const ROUNDS = 7;
const ASLEEP_MS = 15_000;
const SOME_BYTES = new Uint8Array(1024);

/** `lanes` runners at once; claims per second. */
export const compareClaims = async (
  ours: { readonly url: string; readonly project: BenchProject },
  bareUrl: string,
  { lanes, perRound }: { lanes: number; perRound: number },
): Promise<Comparison> => {
  const total = perRound * (ROUNDS + 1);
  const oursConnections = Array.from({ length: lanes }, () => new Connection(ours.url));
  const bareConnections = Array.from({ length: lanes }, () => new Connection(bareUrl));
  await ours.project.enqueue(total);
  await throughput(lanes, total / lanes, async (lane, index) => {
    const path = `/append/claimed-${lanes}-${lane}-${index}`;
    await bareConnections[lane]?.expect(202, { method: "PATCH", path, body: SOME_BYTES });
  });
  // Builds wait: by the time they are claimed most objects have been put to sleep.
  await delay(ASLEEP_MS);
  const result = await compare(
    ROUNDS,
    () => throughput(lanes, perRound / lanes, async (lane) => ours.project.claim(oursConnections[lane] as Connection)),
    (round) =>
      throughput(lanes, perRound / lanes, async (lane, index) => {
        const path = `/claim/claimed-${lanes}-${lane}-${(round * perRound) / lanes + index}`;
        await bareConnections[lane]?.expect(201, { method: "POST", path });
      }),
  );
  for (const connection of [...oursConnections, ...bareConnections]) connection.close();
  return result;
};

/**
 * The runner's word that it runs what it has claimed, against one write plus `setAlarm` in the build's object; per second.
 * Both find their object as a claim has just left it.
 */
export const compareConfirmations = async (
  ours: { readonly url: string; readonly project: BenchProject },
  bareUrl: string,
  { lanes, perRound }: { lanes: number; perRound: number },
): Promise<Comparison> => {
  const oursConnections = Array.from({ length: lanes }, () => new Connection(ours.url));
  const bareConnections = Array.from({ length: lanes }, () => new Connection(bareUrl));
  const path = (lane: number, index: number) => `/confirmed-${lanes}-${lane}-${index}`;
  const claimed: BuildKey[][] = oursConnections.map(() => []);
  await ours.project.enqueue(perRound * (ROUNDS + 1));
  await throughput(lanes, (perRound / lanes) * (ROUNDS + 1), async (lane, index) => {
    claimed[lane]?.push(await ours.project.claim(oursConnections[lane] as Connection));
    await bareConnections[lane]?.expect(201, { method: "POST", path: `/claim${path(lane, index)}` });
  });
  const result = await compare(
    ROUNDS,
    () =>
      throughput(lanes, perRound / lanes, async (lane) =>
        ours.project.confirm(oursConnections[lane] as Connection, claimed[lane]?.pop() as BuildKey),
      ),
    (round) =>
      throughput(lanes, perRound / lanes, async (lane, index) => {
        const confirmed = `/confirm${path(lane, (round * perRound) / lanes + index)}`;
        await bareConnections[lane]?.expect(200, { method: "PUT", path: confirmed });
      }),
  );
  for (const connection of [...oursConnections, ...bareConnections]) connection.close();
  return result;
};
