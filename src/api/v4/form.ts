/** A request's parameters, checked against a schema; and what the schemas share. */
import * as v from "valibot";
import { refuse } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import { shownName, unstorableIn } from "../../core/text.ts";
import { looseString, validate } from "../../http/loose.ts";
import { readParams } from "../../http/params.ts";
import type { FrontContext } from "../../http/front.ts";

export const MAX_FORM_BYTES = 64 * 1024;

/** GitLab's words for a value that is not in a list. */
export const NOT_IN_LIST = "does not have a valid value";

/** As long as GitLab lets a build run. */
export const MAX_TIMEOUT_SECONDS = 30 * 86_400;

export const isRecord = (input: unknown): input is Record<string, unknown> =>
  typeof input === "object" && input !== null && !Array.isArray(input);

/** valibot's own objects take a list for one, and its records leave out names like `constructor`. */
export const record = v.custom<Record<string, unknown>>(isRecord);

/** One text, or several. */
export const texts = v.pipe(
  v.union([looseString, v.array(looseString)]),
  v.transform((value) => [value].flat()),
);

export const variableKey = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_]{1,255}$/));

/** A name that must stay as it is to be found: of one line. */
export const exactLine = v.pipe(looseString, v.minLength(1), v.maxLength(255), v.regex(/^\P{Cc}*$/u));

/** Text of one line: names go into variables, headers and file names. What would mislead a reader is taken out. */
export const line = v.pipe(
  looseString,
  v.regex(/^\P{Cc}*$/u),
  v.transform(shownName),
  v.minLength(1),
  v.maxLength(255),
);

/** Of these the empty text is a value: it takes away what was there. */
const MAY_BE_EMPTY: ReadonlySet<string> = new Set([
  "description",
  "repo_url",
  "ci_config",
  "ci_config_path",
  "build_coverage_regex",
  "content",
  "value",
  "topics",
  "tag_list",
  "maintenance_note",
  "maintainer_note",
  "maximum_timeout",
]);

export const isEmptyText = ([name, value]: [string, unknown]): boolean => value === "" && !MAY_BE_EMPTY.has(name);

const isGiven = (param: [string, unknown]): boolean => param[1] !== null && !isEmptyText(param);

const withoutNulls = (value: unknown): unknown =>
  Array.isArray(value) ? value.filter((item) => item !== null) : value;

/**
 * Parameters from wherever they come. One that is null counts as not given, and so does an empty text where it is no value:
 * clients write out fields that they leave empty. Refusals: `invalid`, `malformed_body`, `too_large`.
 */
export const readForm = async <Schema extends v.GenericSchema>(
  context: FrontContext,
  schema: Schema,
  limitBytes = MAX_FORM_BYTES,
): Promise<Outcome<v.InferOutput<Schema>>> => {
  const params = await readParams(context.req.raw, limitBytes);
  if (!params.ok) return params;
  const field = unstorableIn(params.value);
  if (field !== null) return refuse({ reason: "invalid", field, message: "has a NUL or half a surrogate pair" });
  const given = Object.entries(params.value).filter(isGiven);
  return validate(schema, Object.fromEntries(given.map(([name, value]) => [name, withoutNulls(value)])));
};
