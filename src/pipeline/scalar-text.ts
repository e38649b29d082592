/** What a value becomes where a text is made of it, as Ruby's `to_s` (and its `inspect` inside lists and hashes) writes it. */
import { Float, isHash, isList, Reference, type Scalar, type Value } from "./value.ts";

export const scalarText = (value: Scalar): string => {
  if (value === null) return "";
  return value instanceof Float ? floatText(value.value) : String(value);
};

/** Lists and hashes are written as Ruby shows them: `["a", 1]`, `{"a"=>nil}`. */
export const valueText = (value: Value): string =>
  isList(value) || isHash(value) || value instanceof Reference ? inspect(value) : scalarText(value);

const inspect = (value: Value): string => {
  if (value === null) return "nil";
  if (typeof value === "string") return JSON.stringify(value);
  if (isList(value)) return `[${value.map(inspect).join(", ")}]`;
  if (isHash(value)) return `{${[...value].map(([key, item]) => `${inspect(key)}=>${inspect(item)}`).join(", ")}}`;
  if (value instanceof Reference) return `!reference ${inspect(value.path)}`;
  return scalarText(value);
};

/** Ruby changes to exponents below 0.0001 and from 10^16 on, and always shows a fraction. */
const floatText = (value: number): string => {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (Object.is(value, -0)) return "-0.0";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) return withExponent(value.toExponential());
  const text = String(value);
  return text.includes(".") ? text : `${text}.0`;
};

const withExponent = (text: string): string => {
  const [digits = "", exponent = ""] = text.split("e");
  const power = exponent.slice(1).padStart(2, "0");
  return `${digits.includes(".") ? digits : `${digits}.0`}e${exponent.startsWith("-") ? "-" : "+"}${power}`;
};
