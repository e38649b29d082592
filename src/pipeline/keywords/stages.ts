import { isList } from "../value.ts";
import { flattened, MAX_NESTING } from "./list.ts";
import { isStorable, NOT_STORABLE } from "./scalar.ts";
import type { Reader } from "./reader.ts";

export const PRE = ".pre";
export const POST = ".post";

/** Of a file that names none. */
export const DEFAULT_STAGES: readonly string[] = [PRE, "build", "test", "deploy", POST];

/** `stages`, in their order, with `.pre` first and `.post` last wherever the file has them. */
export const stages: Reader<readonly string[]> = (value, at) => {
  const flat = isList(value) ? flattened(value, (item) => typeof item === "string") : null;
  if (flat === null) {
    return at.invalid(`should be an array of strings or a nested array of strings up to ${MAX_NESTING} levels deep`);
  }
  if (!flat.every(isStorable)) return at.invalid(NOT_STORABLE);
  // GitLab adds the edges to a list with something in it alone.
  if (flat.length === 0) return [];
  return [PRE, ...new Set(flat.filter((name) => name !== PRE && name !== POST)), POST];
};
