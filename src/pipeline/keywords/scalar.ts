/** Readers of single values. */
import { isStorable } from "../../core/text.ts";
import { Float, type Value } from "../value.ts";
import { scalarText } from "../scalar-text.ts";
import type { Reader } from "./reader.ts";

export { isStorable };

export const NOT_STORABLE = "contains a NUL or half of a surrogate pair, which no script or environment can hold";

export const text: Reader<string> = (value, at) => {
  if (typeof value !== "string") return at.invalid("should be a string");
  return isStorable(value) ? value : at.invalid(NOT_STORABLE);
};

/** A text with something else than white space in it. */
export const filledText: Reader<string> = (value, at) => {
  if (typeof value === "string" && value.trim() === "") return at.invalid("can't be blank");
  return text(value, at);
};

export const boolean: Reader<boolean> = (value, at) =>
  typeof value === "boolean" ? value : at.invalid("should be a boolean value");

export const isScalar = (value: Value): value is string | boolean | number | bigint | Float =>
  ["string", "boolean", "number", "bigint"].includes(typeof value) || value instanceof Float;

export const isInteger = (value: Value): value is number | bigint =>
  typeof value === "number" || typeof value === "bigint";

/** What a variable's value may be: texts, numbers and booleans, as Ruby writes them. */
export const scalar: Reader<string> = (value, at) => {
  if (!isScalar(value)) return at.invalid("must be a scalar");
  const written = scalarText(value);
  return isStorable(written) ? written : at.invalid(NOT_STORABLE);
};

export const oneOf =
  <const T extends string>(allowed: readonly T[], message = `should be one of: ${allowed.join(", ")}`): Reader<T> =>
  (value, at) =>
    allowed.find((word) => word === value) ?? at.invalid(message);

/** A whole number from `least` to `most`. */
export const integerBetween =
  (least: number, most: number): Reader<number> =>
  (value, at) => {
    if (value instanceof Float) return at.invalid("must be an integer");
    if (!isInteger(value)) return at.invalid("is not a number");
    if (value < least) return at.invalid(`must be greater than or equal to ${least}`);
    if (value > most) return at.invalid(`must be less than or equal to ${most}`);
    return Number(value);
  };
