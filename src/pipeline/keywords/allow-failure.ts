import { isHash } from "../value.ts";
import { checkKeys } from "./known-keys.ts";
import { integerOrIntegers } from "./list.ts";
import { attribute, type Reader } from "./reader.ts";

/** Whether the job may fail; or the exit codes with which it may. */
export type AllowFailure = boolean | readonly number[];

/** `allow_failure`: true, false, or `{exit_codes}` (one or more). */
export const allowFailure: Reader<AllowFailure> = (value, at) => {
  if (typeof value === "boolean") return value;
  if (!isHash(value)) return at.invalid("should be a hash or a boolean value");
  checkKeys(value, at, ["exit_codes"]);
  return attribute(value, "exit_codes", at, integerOrIntegers) ?? [];
};
