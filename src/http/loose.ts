import * as v from "valibot";
import { accept, refuse, type Outcome } from "../core/refusal.ts";
import { shownName } from "../core/text.ts";
import type { RunnerInfo } from "../core/runner/runner.ts";
import type { Params } from "./params.ts";

const MAX_TAGS = 50;
/** All tags of a runner or a job together: lists show a hundred of them. */
const MAX_TAGS_CHARACTERS = 2048;
const MAX_TEXT_CHARACTERS = 255;
/** Today's runner announces some thirty features; the bounds are against a stranger's thousands, remembered per machine. */
const MAX_FEATURES = 50;
const FEATURE_NAME = /^[a-z0-9_]{1,40}$/;

/** True and false as JSON, forms and queries write them; Python's query strings say `True`. */
export const looseBoolean = v.union([
  v.boolean(),
  v.pipe(
    v.union([v.string(), v.number()]),
    v.transform((value) => String(value).toLowerCase()),
    v.picklist(["true", "false", "1", "0"]),
    v.transform((text) => text === "true" || text === "1"),
  ),
]);

/** A number or its decimal digits; safe integers only. */
export const looseInteger = v.pipe(
  v.union([
    v.number(),
    v.pipe(
      v.string(),
      v.regex(/^\s*[+-]?\d+(?:\.0+)?\s*$/),
      v.transform((text) => Number(text)),
    ),
  ]),
  v.safeInteger(),
);

/** Text, or a scalar that JSON wrote without quotes; no number that is none (`1e400`). */
export const looseString = v.union([
  v.string(),
  v.pipe(
    v.union([v.pipe(v.number(), v.finite()), v.boolean()]),
    v.transform((value) => String(value)),
  ),
]);

/** `"a, b"` or `["a", "b"]`, a tag once each in the order given; a comma parts tags inside a list as well. */
export const tagList = v.pipe(
  v.union([looseString, v.array(looseString)]),
  v.transform((value) => {
    const tags = [value].flat().flatMap((text) => text.split(","));
    return [...new Set(tags.map((tag) => tag.trim()).filter((tag) => tag !== ""))];
  }),
  v.maxLength(MAX_TAGS, `has more than ${MAX_TAGS} tags`),
  v.everyItem((tag) => shownName(tag) === tag, "has a tag with control characters"),
  v.everyItem((tag) => tag.length <= MAX_TEXT_CHARACTERS, `has a tag of more than ${MAX_TEXT_CHARACTERS} characters`),
  v.check(
    (tags) => tags.join("").length <= MAX_TAGS_CHARACTERS,
    `has tags of more than ${MAX_TAGS_CHARACTERS} characters in all`,
  ),
);

const INFO_TEXTS = ["name", "version", "revision", "platform", "architecture", "executor", "shell", "gpus"] as const;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const readFeatures = (value: Record<string, unknown>): Record<string, boolean> => {
  const features = Object.entries(value).flatMap(([name, announced]) => {
    if (!FEATURE_NAME.test(name)) return [];
    // Runners write them so, thirty with each poll.
    if (typeof announced === "boolean") return [[name, announced]];
    const flag = v.safeParse(looseBoolean, announced);
    return flag.success ? [[name, flag.output]] : [];
  });
  return Object.fromEntries(features.slice(0, MAX_FEATURES));
};

const readInfo = (value: unknown): RunnerInfo => {
  const { features, config, ...info }: Record<string, unknown> = isRecord(value) ? value : {};
  // Of its configuration only this is anybody's business here.
  const named: Record<string, unknown> = { ...info, gpus: isRecord(config) ? config["gpus"] : undefined };
  const texts = INFO_TEXTS.flatMap((name) => {
    const text = named[name];
    return typeof text === "string" ? [[name, text.slice(0, MAX_TEXT_CHARACTERS).toWellFormed()]] : [];
  });
  return { ...Object.fromEntries(texts), ...(isRecord(features) ? { features: readFeatures(features) } : {}) };
};

/**
 * A runner's `info`. It only describes, so nothing in it is worth a refusal: what is missing, unknown or of the wrong
 * type is dropped, long texts are cut. No `features` when it says nothing of them.
 */
export const infoSchema = v.optional(v.pipe(v.unknown(), v.transform(readInfo)), {});

/**
 * Checks parameters against a schema. The first failure is refused as `invalid`, with the dotted path of the field and
 * the schema's own message, else "is missing" or "is invalid".
 */
export const validate = <Schema extends v.GenericSchema>(
  schema: Schema,
  params: Params,
): Outcome<v.InferOutput<Schema>> => {
  const result = v.safeParse(schema, params, {
    abortEarly: true,
    message: (issue) => (issue.input === undefined ? "is missing" : "is invalid"),
  });
  if (result.success) return accept(result.output);
  const [issue] = result.issues;
  return refuse({ reason: "invalid", field: v.getDotPath(issue) ?? "", message: issue.message });
};
