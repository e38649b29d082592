import type { Place } from "../problem.ts";
import { Float, isHash, isList, type Hash, type Value, isGiven } from "../value.ts";
import { checkKeys } from "./known-keys.ts";
import type { MatrixRow } from "./matrix.ts";
import { parallel } from "./parallel.ts";
import { attribute, entry, type Reader } from "./reader.ts";
import { boolean, filledText, isInteger } from "./scalar.ts";

export interface Need {
  readonly job: string;
  /** Whether its artifacts are fetched. */
  readonly artifacts: boolean;
  /** The pipeline may do without the job. */
  readonly optional: boolean;
  /** Which instances of a job with a matrix; null for all. Values may hold `$[[ matrix.X ]]`. */
  readonly matrix: readonly MatrixRow[] | null;
}

/** `needs`: names, and hashes with `job`. An empty list: the job waits for nothing. */
export const needs: Reader<readonly Need[]> = (value, at) => {
  if (!isHash(value) && !isList(value)) return at.invalid("can only be a Hash or an Array");
  if (isHash(value) && value.size === 0) return at.invalid("can not be an empty Hash");
  const list = isList(value) ? value : [value];
  if (list.some(hasNumber)) return at.invalid('cannot use "parallel: <number>".');
  return list.flatMap((item) => (item === null ? [] : (need(item, at.at("need")) ?? [])));
};

const hasNumber = (item: Value): boolean => {
  const given = isHash(item) ? (item.get("parallel") ?? null) : null;
  return given !== null && (isInteger(given) || given instanceof Float);
};

const need: Reader<Need> = (value, at) => {
  if (typeof value === "string") {
    const job = filledText(value, at);
    return job === undefined ? undefined : { job, artifacts: true, optional: false, matrix: null };
  }
  if (isHash(value)) {
    if (isGiven(value, "pipeline")) return at.error("is not supported: Signalbox has no needs of other pipelines");
    if (isGiven(value, "project")) return at.error("is not supported: Signalbox has no needs of other projects");
    if (value.has("job")) return needOf(value, at);
  }
  return at.error("has an unsupported type");
};

const needOf = (hash: Hash, at: Place): Need | undefined => {
  checkKeys(hash, at, ["job", "artifacts", "optional", "parallel"]);
  if (!isGiven(hash, "job")) return at.attribute("job").invalid("can't be blank");
  const job = attribute(hash, "job", at, filledText);
  const artifacts = attribute(hash, "artifacts", at, boolean) ?? true;
  const optional = attribute(hash, "optional", at, boolean) ?? false;
  const instances = entry(hash, "parallel", at, parallel);
  const rows = instances !== undefined && "matrix" in instances ? instances.matrix : null;
  return job === undefined ? undefined : { job, artifacts, optional, matrix: rows };
};
