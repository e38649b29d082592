/** The header of a file: which inputs it has (`spec:inputs`). */
import { Place, type Problem } from "../../problem.ts";
import { valueText } from "../../scalar-text.ts";
import { type Hash, isHash, isList, type Value } from "../../value.ts";

export interface InputSpec {
  readonly type: InputType;
  /** Undefined: a value must be given. */
  readonly default: Value | undefined;
  readonly options: readonly Value[] | null;
  /** RE2. */
  readonly regex: string | null;
  readonly rules: readonly InputRule[] | null;
}

export type InputType = "array" | "boolean" | "number" | "string";

/** The first whose `if` holds gives options and default. */
export interface InputRule {
  /** Null: it holds always. */
  readonly if: string | null;
  readonly options: readonly Value[] | null;
  readonly default: Value | undefined;
}

export interface Header {
  readonly inputs: ReadonlyMap<string, InputSpec>;
  /** Facts of the component that the file asks for: `name`, `sha`, `version`, `reference`. */
  readonly component: readonly string[];
}

const TYPES: readonly InputType[] = ["array", "boolean", "number", "string"];
const INPUT_KEYS = ["default", "description", "options", "regex", "type", "rules"];
const COMPONENT_FACTS = ["name", "sha", "version", "reference"];
const MAX_OPTIONS = 50;

export const readHeader = (header: Hash, problems: Problem[], file: string): Header => {
  const place = new Place(problems, "header", file);
  onlyKeys(header, ["spec"], place);
  const spec = hashAt(header.get("spec"), place.at("spec"));
  if (spec.has("include")) place.at("spec:include").error("is not supported: give the inputs in this file");
  onlyKeys(spec, ["inputs", "component", "include"], place.at("spec"));
  const at = place.at("spec").at("inputs");
  const inputs = new Map<string, InputSpec>();
  for (const [name, value] of hashAt(spec.get("inputs"), at)) inputs.set(name, readInput(value, at.at(name)));
  return { inputs, component: readComponent(spec.get("component"), place.at("spec").at("component")) };
};

const readInput = (value: Value, place: Place): InputSpec => {
  const spec = hashAt(value, place);
  onlyKeys(spec, INPUT_KEYS, place);
  const clash = spec.has("rules") ? ["options", "default"].filter((key) => spec.has(key)) : [];
  if (clash.length > 0) place.error(`config please use only one of the following keys: rules, ${clash.join(", ")}`);
  const type = spec.get("type") ?? "string";
  if (!isType(type)) place.error(`input type unknown value: ${valueText(type)}`);
  const description = spec.get("description") ?? "";
  if (isList(description) || isHash(description) || typeof description === "boolean")
    place.error("input description must be an alphanumeric string");
  const regex = spec.get("regex") ?? null;
  if (regex !== null && typeof regex !== "string") place.error("input regex should be a string");
  return {
    type: isType(type) ? type : "string",
    default: spec.get("default"),
    options: readOptions(spec.get("options"), place),
    regex: typeof regex === "string" ? regex : null,
    rules: readRules(spec.get("rules"), place.at("rules")),
  };
};

const isType = (value: Value): value is InputType => TYPES.some((type) => type === value);

const readOptions = (value: Value | undefined, place: Place): readonly Value[] | null => {
  if (value === undefined || value === null) return null;
  if (!isList(value)) {
    place.error("input options should be an array");
    return null;
  }
  if (value.length > MAX_OPTIONS) place.error(`config cannot define more than ${MAX_OPTIONS} options`);
  return value;
};

const readRules = (value: Value | undefined, place: Place): readonly InputRule[] | null => {
  if (value === undefined || value === null) return null;
  if (!isList(value)) {
    place.error("config should be an array");
    return null;
  }
  return value.map((rule) => readRule(rule, place.at("rule")));
};

const readRule = (value: Value, place: Place): InputRule => {
  const rule = hashAt(value, place);
  onlyKeys(rule, ["if", "options", "default"], place);
  const condition = rule.get("if") ?? null;
  if (condition !== null && typeof condition !== "string") place.error("if should be a string");
  const options = readOptions(rule.get("options"), place);
  if (condition === null && options === null) place.error("config fallback rule must define 'options'");
  if (condition !== null && options === null && !rule.has("default"))
    place.error("config rule with 'if' must define 'options' or 'default'");
  return { if: typeof condition === "string" ? condition : null, options, default: rule.get("default") };
};

const readComponent = (value: Value | undefined, place: Place): readonly string[] => {
  if (value === undefined || value === null) return [];
  if (!isList(value) || !value.every((item) => typeof item === "string")) {
    place.error("config should be an array of strings");
    return [];
  }
  const unknown = value.filter((fact) => !COMPONENT_FACTS.includes(fact));
  if (unknown.length > 0) place.error(`config contains unknown values: ${unknown.join(", ")}`);
  return value;
};

const hashAt = (value: Value | undefined, place: Place): Hash => {
  if (isHash(value)) return value;
  if (value !== undefined && value !== null) place.error("config should be a hash");
  return new Map();
};

const onlyKeys = (hash: Hash, known: readonly string[], place: Place): void => {
  const unknown = [...hash.keys()].filter((key) => !known.includes(key));
  if (unknown.length > 0) place.error(`config contains unknown keys: ${unknown.join(", ")}`);
};
