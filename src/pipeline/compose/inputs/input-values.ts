/** What the inputs of a file are: those that are given, with the defaults, each of its type. Errors are GitLab's. */
import { valueText } from "../../scalar-text.ts";
import { Float, type Hash, isList, type Scalar, type Value } from "../../value.ts";
import { readYaml } from "../../yaml/read-yaml.ts";
import type { Conditions } from "../conditions.ts";
import { checkRules, ruleOf } from "./input-rules.ts";
import type { InputSpec, InputType } from "./input-spec.ts";

export const inputValues = (
  specs: ReadonlyMap<string, InputSpec>,
  given: Hash,
  conditions: Conditions,
  tell: (message: string) => void,
): Hash => {
  const unknown = [...given.keys()].filter((name) => !specs.has(name));
  if (unknown.length > 0) tell(`unknown input arguments: ${unknown.join(", ")}`);
  checkRules(specs, tell);
  const values = new Map<string, Value>();
  for (const [name, spec] of specs) {
    const rule = ruleOf(spec, new Map([...given, ...values]), conditions, (text) => tell(`\`${name}\` input: ${text}`));
    const effective = rule === null ? spec : { ...spec, options: rule.options, default: rule.default ?? null };
    const value = inputValue(effective, given.get(name) ?? null, conditions, (text) =>
      tell(`\`${name}\` input: ${text}`),
    );
    values.set(name, value);
  }
  return values;
};

/** Null for what isn't given; an error is told then, so that it is never used. */
const inputValue = (spec: InputSpec, given: Value, conditions: Conditions, tell: (text: string) => void): Value => {
  if (spec.default === undefined && given === null) {
    tell("required value has not been provided");
    return null;
  }
  if (spec.default !== undefined) check(spec, coerced(spec.type, spec.default), "default", conditions, tell);
  if (given !== null) check(spec, coerced(spec.type, given), "provided", conditions, tell);
  return coerced(spec.type, given ?? spec.default ?? null);
};

const check = (
  spec: InputSpec,
  value: Value,
  which: "default" | "provided",
  conditions: Conditions,
  tell: (text: string) => void,
): void => {
  if (!isOfType(spec.type, value)) tell(`${which} value is not ${ARTICLE[spec.type]} ${spec.type}`);
  if (spec.options !== null && value !== null && value !== "") checkOptions(spec.type, spec.options, value, tell);
  if (spec.regex === null) return;
  if (spec.type !== "string") return tell("RegEx validation can only be used with string inputs");
  const matches = conditions.matchesPattern(spec.regex, valueText(value));
  if (matches === null) tell("invalid regular expression");
  else if (!matches) tell(`${which} value does not match required RegEx pattern`);
};

const ARTICLE = { array: "an", boolean: "a", number: "a", string: "a" };

const isOfType = (type: InputType, value: Value): boolean => {
  if (type === "array") return isList(value);
  if (type === "boolean") return typeof value === "boolean";
  return type === "string" || asNumber(value) !== null;
};

const checkOptions = (type: InputType, options: readonly Value[], value: Value, tell: (text: string) => void): void => {
  if (type === "boolean" || type === "array") return tell("Options can only be used with string and number inputs");
  const allowed =
    type === "string"
      ? options.some((option) => valueText(option) === value)
      : options.some((option) => asNumber(option) !== null && asNumber(option) === asNumber(value));
  const list = type === "string" ? "list of allowed options" : "list of the allowed options";
  if (!allowed) tell(`\`${valueText(value)}\` cannot be used because it is not in the ${list}`);
};

const asNumber = (value: Value): number | bigint | null => {
  if (value instanceof Float) return value.value;
  return typeof value === "number" || typeof value === "bigint" ? value : null;
};

/** Texts become what they say in JSON, where no text is wanted; all becomes a text where one is. */
const coerced = (type: InputType, value: Value): Value => {
  if (type === "string") return valueText(value);
  return typeof value === "string" ? (fromJson(value) ?? value) : value;
};

const fromJson = (text: string): Value | undefined => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed === "number") return /^\s*-?\d+\s*$/.test(text) ? wholeNumber(text) : new Float(parsed);
  if (typeof parsed === "boolean") return parsed;
  // JSON is YAML. Reading it so keeps the bounds of depth and size.
  const read = readYaml(text);
  return read.ok ? read.documents[0] : undefined;
};

const wholeNumber = (text: string): Scalar => {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text.trim());
};
