import { isHash } from "../value.ts";
import { checkKeys, requireKeys } from "./known-keys.ts";
import { matrix, type MatrixRow, MAX_INSTANCES } from "./matrix.ts";
import { entry, type Reader } from "./reader.ts";
import { Float } from "../value.ts";
import { integerBetween, isInteger } from "./scalar.ts";

/** How often a job is run: a number of times, or once for each combination of each row. */
export type Parallel = { readonly total: number } | { readonly matrix: readonly MatrixRow[] };

const times = integerBetween(1, MAX_INSTANCES);

/** `parallel`: a number from 1 to 200, or `{matrix}`. */
export const parallel: Reader<Parallel> = (value, at) => {
  if (isInteger(value) || value instanceof Float) {
    const total = times(value, at);
    return total === undefined ? undefined : { total };
  }
  if (!isHash(value)) return at.error("should be an integer or a hash");
  checkKeys(value, at, ["matrix"]);
  requireKeys(value, at, ["matrix"]);
  const rows = entry(value, "matrix", at, matrix);
  return rows === undefined ? undefined : { matrix: rows };
};
