import { isHash } from "../value.ts";
import { durationText } from "./duration.ts";
import { checkKeys } from "./known-keys.ts";
import { attribute, type Reader } from "./reader.ts";
import { text } from "./scalar.ts";

/** The folder that becomes the site, of a job that names none. */
export const DEFAULT_PUBLISH = "public";

export interface Pages {
  /** Whether the job publishes pages. */
  readonly on: boolean;
  /** The folder that becomes the site. */
  readonly publish: string | null;
  readonly pathPrefix: string | null;
  /** A duration, or a text with a variable. */
  readonly expireIn: string | null;
}

/** `pages` of a job: true, false, or `{publish, path_prefix, expire_in}`. A job with the name `pages` has it without saying so. */
export const pages: Reader<Pages> = (value, at) => {
  if (typeof value === "boolean") return { on: value, publish: null, pathPrefix: null, expireIn: null };
  if (!isHash(value)) return at.invalid("should be a hash or a boolean value");
  checkKeys(value, at, ["path_prefix", "expire_in", "publish"]);
  return {
    // GitLab takes an empty hash for "not given".
    on: value.size > 0,
    publish: attribute(value, "publish", at, text) ?? null,
    pathPrefix: attribute(value, "path_prefix", at, text) ?? null,
    expireIn:
      attribute(value, "expire_in", at, (item, place) =>
        typeof item === "string" && item.includes("$") ? text(item, place) : durationText(item, place),
      ) ?? null,
  };
};

/** `publish` of a job: an older way to say `pages:publish`. */
export const publish: Reader<string> = text;
