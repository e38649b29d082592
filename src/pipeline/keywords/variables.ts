import type { Place } from "../problem.ts";
import { isHash, type Value } from "../value.ts";
import { texts } from "./list.ts";
import { attribute, defined, type Reader } from "./reader.ts";
import { boolean, isInteger, isScalar, isStorable, NOT_STORABLE, scalar } from "./scalar.ts";

/** A variable as a file has it. */
export interface FileVariable {
  readonly key: string;
  readonly value: string;
  /** `expand: false`: what looks like a variable in the value stays as it is. */
  readonly raw: boolean;
}

/** What GitLab shows where somebody starts a pipeline by hand. */
export interface PrefilledVariable extends FileVariable {
  readonly description?: string;
  readonly options?: readonly string[];
}

/** `variables` of a job: `{KEY: value}` or `{KEY: {value, expand}}`. */
export const jobVariables: Reader<readonly FileVariable[]> = (value, at) =>
  variablesWith(["value", "expand"])(value, at);

/** `variables` of the file's top, which also have `description` and `options`. */
export const topVariables: Reader<readonly PrefilledVariable[]> = (value, at) =>
  variablesWith(["value", "description", "expand", "options"])(value, at);

/** `variables` of a service or a rule: values alone. */
export const textVariables: Reader<readonly FileVariable[]> = (value, at) => variablesWith([])(value, at);

const variablesWith =
  (data: readonly string[]): Reader<readonly PrefilledVariable[]> =>
  (value, at) => {
    if (!isHash(value)) return at.invalid("should be a hash");
    return [...value].flatMap(([key, given]) => variable(key, given, data, at.at(key)) ?? []);
  };

/** A null is the empty text. */
const variable = (key: string, given: Value, data: readonly string[], at: Place): PrefilledVariable | undefined => {
  if (!isStorable(key) || key === "") return at.error(key === "" ? "key can't be blank" : `key ${NOT_STORABLE}`);
  if (given === null) return { key, value: "", raw: false };
  if (isScalar(given)) {
    const value = scalar(given, at);
    return value === undefined ? undefined : { key, value, raw: false };
  }
  if (!isHash(given)) return at.error("variable definition must be either a string or a hash");
  if (data.length === 0) return at.invalid("must be a string");
  const unknown = [...given.keys()].filter((name) => !data.includes(name));
  if (unknown.length > 0) return at.invalid(`uses invalid data keys: ${unknown.slice(0, 10).join(", ")}`);
  const value = attribute(given, "value", at, (item) => scalar(item, at.attribute("config value")));
  const description = attribute(given, "description", at, (item) =>
    typeof item === "string" || isInteger(item)
      ? String(item)
      : at.attribute("config_description").invalid("must be an alphanumeric string"),
  );
  const options = attribute(given, "options", at, (item) => texts(item, at.attribute("config_options")));
  if (options !== undefined && options.length > 0 && (value === undefined || !options.includes(value))) {
    return at.invalid("value must be present in options");
  }
  const expand = attribute(given, "expand", at, (item) => boolean(item, at.attribute("config_expand")));
  return { key, value: value ?? "", raw: expand === false, ...defined({ description, options }) };
};
