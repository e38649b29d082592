/** `$[[ inputs.name | function | … ]]`: GitLab's functions, with its errors. */
import type { Value } from "../../value.ts";
import { MAX_TEXT } from "../../yaml/read-yaml.ts";
import type { IncludeVariables } from "../variables.ts";

export type Applied = { readonly value: Value } | { readonly error: string };

/** Null: no function is written so. */
export const applyFunction = (written: string, value: Value, variables: IncludeVariables): Applied | null => {
  for (const [name, pattern, apply] of FUNCTIONS) {
    const match = pattern.exec(written);
    if (match === null) continue;
    if (typeof value !== "string")
      return failed(name, `invalid input type: ${name} can only be used with string inputs`);
    const applied = apply(value, match.slice(1), variables);
    return typeof applied === "object" && "error" in applied ? failed(name, applied.error) : { value: applied };
  }
  return null;
};

export const isSplit = (written: string): boolean => SPLIT.test(written);

const failed = (name: string, text: string): Applied => ({ error: `error in \`${name}\` function: ${text}` });

type Apply = (
  text: string,
  args: readonly string[],
  variables: IncludeVariables,
) => string | readonly string[] | { readonly error: string };

const truncate: Apply = (text, [offset, length]) => {
  const from = Number(offset);
  return Array.from(text)
    .slice(from, from + Number(length))
    .join("");
};

const expandVars: Apply = (text, _, variables) => {
  if (variables.usesMasked(text)) return { error: "variable expansion error: masked variables cannot be expanded" };
  return variables.expandKnown(text, MAX_TEXT) ?? { error: "variable expansion error: the text is too long" };
};

/** As Ruby's Shellwords does it: a backslash before all that a shell may read as more than itself. */
const posixEscape: Apply = (text) =>
  text === "" ? "''" : text.replaceAll(/[^A-Za-z0-9_\-.,:+/@\n]/gu, String.raw`\$&`).replaceAll("\n", "'\n'");

const split: Apply = (text, [separator = ""]) => {
  if (separator === "") return { error: "invalid argument: separator cannot be empty" };
  return text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== "");
};

const SPLIT = /^split\('([^']*)'\)$/;

const FUNCTIONS: readonly (readonly [string, RegExp, Apply])[] = [
  ["truncate", /^truncate\(\s*(\d+)\s*,\s*(\d+)\s*\)?$/, truncate],
  ["expand_vars", /^expand_vars$/, expandVars],
  ["posix_escape", /^posix_escape$/, posixEscape],
  ["split", SPLIT, split],
];
