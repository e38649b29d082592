/** Two things measured by turns in one run, so that whatever else the machine does happens to both. */

export interface Comparison {
  readonly ours: number;
  readonly bare: number;
  /** Ours to bare, of the round in the middle and of the two at the ends. */
  readonly ratio: { readonly median: number; readonly least: number; readonly most: number };
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** The value that the share `p` of all values does not exceed. */
export const percentile = (values: readonly number[], p: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))];
  if (value === undefined) throw new Error("nothing was measured");
  return value;
};

/** Each function does its load once and returns what it measured. A first round warms up and doesn't count. */
export const compare = async (
  rounds: number,
  ours: (round: number) => Promise<number>,
  bare: (round: number) => Promise<number>,
): Promise<Comparison> => {
  const pairs: { readonly ours: number; readonly bare: number }[] = [];
  for (let round = 0; round <= rounds; round++) {
    // Who goes first changes, since the one that goes second finds warmer caches.
    const pair = round % 2 === 0 ? await oursFirst(round, ours, bare) : await bareFirst(round, ours, bare);
    if (round > 0) pairs.push(pair);
  }
  const ratios = pairs.map((pair) => pair.ours / pair.bare);
  return {
    ours: median(pairs.map((pair) => pair.ours)),
    bare: median(pairs.map((pair) => pair.bare)),
    ratio: { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) },
  };
};

type Load = (round: number) => Promise<number>;

const oursFirst = async (round: number, ours: Load, bare: Load) => {
  const first = await ours(round);
  return { ours: first, bare: await bare(round) };
};

const bareFirst = async (round: number, ours: Load, bare: Load) => {
  const first = await bare(round);
  return { ours: await ours(round), bare: first };
};

/** Operations per second: each lane does its `count` one after the other, all lanes at once. */
export const throughput = async (
  lanes: number,
  count: number,
  operation: (lane: number, index: number) => Promise<unknown>,
): Promise<number> => {
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      for (let index = 0; index < count; index++) await operation(lane, index);
    }),
  );
  return (lanes * count) / ((performance.now() - startedMs) / 1000);
};
