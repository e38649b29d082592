/** A job with `parallel` becomes its instances: `test 1/3`, `test: [linux, arm64]`. */
import type { MatrixRow } from "../keywords/matrix.ts";
import type { Parallel } from "../keywords/parallel.ts";
import type { PlannedVariable } from "../plan.ts";
import type { Instance } from "./described-job.ts";

export const instancesOf = (name: string, parallel: Parallel | undefined): readonly Instance[] => {
  if (parallel === undefined) return [{ name, node: null, variables: [] }];
  if ("matrix" in parallel) return ofMatrix(name, parallel.matrix);
  const { total } = parallel;
  return Array.from({ length: total }, (_, at) => {
    const index = at + 1;
    return { name: `${name} ${index}/${total}`, node: { index, total }, variables: [] };
  });
};

export const countInstances = (parallel: Parallel | undefined): number => {
  if (parallel === undefined) return 1;
  if ("total" in parallel) return parallel.total;
  return parallel.matrix.reduce((sum, row) => sum + row.reduce((product, [, values]) => product * values.length, 1), 0);
};

const ofMatrix = (name: string, rows: readonly MatrixRow[]): readonly Instance[] => {
  const all = rows.flatMap(combinationsOf);
  return all.map((variables, at) => ({
    name: matrixName(name, variables),
    node: { index: at + 1, total: all.length },
    variables,
  }));
};

export const matrixName = (name: string, variables: readonly PlannedVariable[]): string =>
  `${name}: [${variables.map(({ value }) => value).join(", ")}]`;

/** All of a row, the last key's values changing fastest. */
export const combinationsOf = (row: MatrixRow): readonly (readonly PlannedVariable[])[] => {
  let all: PlannedVariable[][] = [[]];
  for (const [key, values] of row) {
    all = all.flatMap((before) => values.map((value) => [...before, { key, value, raw: false }]));
  }
  return all;
};
