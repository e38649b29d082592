/**
 * A request's parameters as the values that the readers of a pipeline's file take. A form knows texts alone, and clients
 * write one text where a list is meant; so what is meant is told by the name of the key.
 */
import { Float } from "../../pipeline/value.ts";
import type { Hash, Value } from "../../pipeline/value.ts";

const LISTS: ReadonlySet<string> = new Set(["paths", "exclude", "entrypoint", "fallback_keys"]);
const FLAGS: ReadonlySet<string> = new Set(["untracked", "unprotect", "public"]);
const TEXTS: ReadonlySet<string> = new Set(["name", "key", "alias", "expire_in", "user", "platform", "timeout"]);

/** `key` is the one that the value stands under. Null in a list is not given, and so is not there. */
export const valueOf = (input: unknown, key: string): Value => {
  if (Array.isArray(input)) return input.filter((item) => item !== null).map((item: unknown) => valueOf(item, ""));
  if (typeof input === "object" && input !== null) return hashOf(input);
  if (FLAGS.has(key)) return flagOf(input);
  const scalar = scalarOf(input);
  if (LISTS.has(key) && typeof scalar === "string") return [scalar];
  return TEXTS.has(key) && typeof input === "number" ? String(input) : scalar;
};

const hashOf = (input: object): Hash =>
  new Map(Object.entries(input).map(([key, inner]: [string, unknown]) => [key, valueOf(inner, key)]));

const flagOf = (input: unknown): Value => {
  const text = typeof input === "string" || typeof input === "number" ? String(input).toLowerCase() : "";
  if (text === "true" || text === "1") return true;
  return text === "false" || text === "0" ? false : scalarOf(input);
};

const scalarOf = (input: unknown): Value => {
  switch (typeof input) {
    case "string":
    case "boolean":
      return input;
    case "number":
      return Number.isInteger(input) ? input : new Float(input);
    default:
      return null;
  }
};
