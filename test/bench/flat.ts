/** What must not grow: a claim with the number of pending builds, an append with the length of the trace. */
import { Coordinator } from "./coordinator.ts";
import type { BenchProject } from "./coordinator.ts";
import { Connection } from "./http.ts";
import { compare, throughput } from "./measure.ts";
import type { Comparison } from "./measure.ts";

const ROUNDS = 7;

/** A thousand groups of a hundred builds, of which the runner may take one group. */
const GROUPS = 1000;
const PER_GROUP = 100;
const CLAIMS_PER_ROUND = 90;

/** Seconds per claim: with 100,000 builds in the queue ("ours") to with 100 ("bare"). */
export const compareFullQueue = async (fullUrl: string, emptyUrl: string): Promise<Comparison> => {
  const filler = new Connection(fullUrl);
  await filler.expect(204, { method: "POST", path: `/bench/fill?groups=${GROUPS - 1}&each=${PER_GROUP}` });
  filler.close();
  const claimFrom = async (url: string, name: string) => {
    const project = await new Coordinator(url).project(name);
    const connection = new Connection(url);
    return async () => {
      await project.enqueue(PER_GROUP);
      const rate = await throughput(1, CLAIMS_PER_ROUND, () => project.claim(connection));
      // The rest, so that the next round begins with as many.
      await throughput(1, PER_GROUP - CLAIMS_PER_ROUND, () => project.claim(connection));
      return 1 / rate;
    };
  };
  return compare(ROUNDS, await claimFrom(fullUrl, "flat"), await claimFrom(emptyUrl, "flat"));
};

const LONG_TRACE_BYTES = 50_000_000;
const FILL_BYTES = 500_000;
const PATCH = new Uint8Array(1000).fill(0x61);
const APPENDS_PER_ROUND = 300;

/** Seconds per append: to a trace of 50 MB ("ours") to an empty one ("bare"). */
export const compareLongTrace = async (url: string, project: BenchProject): Promise<Comparison> => {
  await project.enqueue(2);
  const connection = new Connection(url);
  const trace = async () => {
    const build = await project.claim(connection);
    let offset = 0;
    const append = async (bytes: Uint8Array) => {
      await connection.expect(202, project.dialect.patch(build, offset, bytes));
      offset += bytes.length;
    };
    return { append, length: () => offset };
  };
  const [long, short] = [await trace(), await trace()];
  const fill = new Uint8Array(FILL_BYTES).fill(0x61);
  while (long.length() < LONG_TRACE_BYTES) await long.append(fill);
  const seconds = (append: (bytes: Uint8Array) => Promise<void>) => async () =>
    1 / (await throughput(1, APPENDS_PER_ROUND, () => append(PATCH)));
  const result = await compare(ROUNDS, seconds(long.append), seconds(short.append));
  connection.close();
  return result;
};
