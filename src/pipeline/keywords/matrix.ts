import { scalarText } from "../scalar-text.ts";
import { isHash, isList, type Value } from "../value.ts";
import type { Reader } from "./reader.ts";
import { isInteger, isStorable, NOT_STORABLE } from "./scalar.ts";

/** As many jobs as one `parallel` may make. */
export const MAX_INSTANCES = 200;

/** Variables with the values that each takes; the row stands for all combinations. */
export type MatrixRow = readonly (readonly [key: string, values: readonly string[]])[];

/** `matrix`: a list of hashes; a value is a text, a number, or a list of these. */
export const matrix: Reader<readonly MatrixRow[]> = (value, at) => {
  if (!isList(value) || !value.every(isHash)) return at.invalid("should be an array of hashes");
  const rows: MatrixRow[] = [];
  for (const hash of value) {
    const row: [string, readonly string[]][] = [];
    for (const [key, given] of hash) {
      const values = valuesOf(given);
      if (values === null) {
        return at.at("variables").invalid("should be a hash of key value pairs, value can be an array");
      }
      if (![key, ...values].every(isStorable)) return at.at("variables").invalid(NOT_STORABLE);
      row.push([key, values]);
    }
    if (row.length === 0) return at.at("variables").invalid("requires at least 1 items");
    rows.push(row);
  }
  return combinations(rows) > MAX_INSTANCES
    ? at.invalid(`generates too many jobs (maximum is ${MAX_INSTANCES})`)
    : rows;
};

const valuesOf = (given: Value): readonly string[] | null => {
  const list = isList(given) ? given : [given];
  if (!list.every((item) => typeof item === "string" || isInteger(item))) return null;
  return list.map(scalarText);
};

/** How many jobs the rows stand for. Infinity is possible. */
export const combinations = (rows: readonly MatrixRow[]): number =>
  rows.reduce((sum, row) => sum + row.reduce((product, [, values]) => product * values.length, 1), 0);
