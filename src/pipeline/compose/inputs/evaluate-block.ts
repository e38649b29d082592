import { type Value, isHash } from "../../value.ts";
import type { IncludeVariables } from "../variables.ts";
import { type Applied, applyFunction, isSplit } from "./functions.ts";
import type { Scopes } from "./scopes.ts";

const MAX_FUNCTIONS = 3;
const MAX_ACCESS_BYTES = 1024;

/** Of jobs, where they are known only later. */
const LATER = ["matrix.", "job."];

/** `data`: what stands inside of `$[[ … ]]`. Null: it isn't for now and stays as it is. */
export const evaluateBlock = (data: string, scopes: Scopes, variables: IncludeVariables): Applied | null => {
  const [access = "", ...functions] = data.split("|").map((part) => part.trim());
  if (LATER.some((start) => access.startsWith(start))) return null;
  const found = find(access, scopes);
  if ("error" in found) return found;
  if (functions.length > MAX_FUNCTIONS) return { error: "too many functions in interpolation block" };
  let value = found.value;
  for (const [index, written] of functions.entries()) {
    if (isSplit(written) && index < functions.length - 1)
      return { error: "split() must be the last function in a chain (it returns an array, not a string)" };
    const applied = applyFunction(written, value, variables);
    if (applied === null) return { error: `no function matching \`${written}\`: ${CHECK}` };
    if ("error" in applied) return applied;
    value = applied.value;
  }
  return { value };
};

const CHECK = "check that the function name, arguments, and types are correct";

const find = (access: string, scopes: Scopes): Applied => {
  if (access.length > MAX_ACCESS_BYTES) return { error: "maximum interpolation expression size exceeded" };
  const [scope = "", ...path] = access.split(".");
  if (path.length === 0) return { error: "invalid interpolation access pattern" };
  let value: Value | undefined = scopes.get(scope);
  if (value === undefined) return { error: `unknown interpolation key: \`${scope}\`` };
  for (const key of path) {
    const inner: Value | undefined = isHash(value) ? value.get(key) : undefined;
    if (inner === undefined) return { error: `unknown interpolation key: \`${key}\`` };
    value = inner;
  }
  return { value };
};
