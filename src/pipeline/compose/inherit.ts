/** What jobs have of `default` and of the old globals at the file's top, where `inherit` doesn't say otherwise. */
import { Place, type Problem } from "../problem.ts";
import { type Hash, isHash, isList, type Value, isGiven } from "../value.ts";
import type { ComposedJob } from "./composed.ts";

/** Keywords of `default` that jobs take over. */
const DEFAULT_KEYWORDS = [
  "after_script",
  "artifacts",
  "before_script",
  "cache",
  "hooks",
  "id_tokens",
  "image",
  "interruptible",
  "retry",
  "services",
  "tags",
  "timeout",
];

/** Those that may also stand at the file's top, as they did before there was `default`. */
const OLD_GLOBALS = ["after_script", "before_script", "cache", "image", "services"];

/** What a job can inherit: the value, and where it stands. */
export type Defaults = ReadonlyMap<string, { readonly value: Value; readonly place: string }>;

export const defaultsOf = (top: Hash, problems: Problem[]): Defaults => {
  const given = top.get("default") ?? new Map();
  if (!isHash(given)) new Place(problems, "default").error("config should be a hash");
  const own: Hash = isHash(given) ? given : new Map();
  const defaults = new Map<string, { value: Value; place: string }>();
  for (const keyword of DEFAULT_KEYWORDS) {
    const old = OLD_GLOBALS.includes(keyword) && isGiven(top, keyword);
    if (old && isGiven(own, keyword))
      new Place(problems, keyword).error("is defined in top-level and `default:` entry");
    else if (old) defaults.set(keyword, { value: top.get(keyword) ?? null, place: keyword });
    if (isGiven(own, keyword)) defaults.set(keyword, { value: own.get(keyword) ?? null, place: `default:${keyword}` });
  }
  return defaults;
};

/** `place`: of the job. */
export const inheritInto = (job: Hash, defaults: Defaults, file: string | undefined, place: Place): ComposedJob => {
  const inherit = place.at("inherit");
  const rules = inheritOf(job.get("inherit") ?? null, inherit);
  const takes = allowed(rules.get("default"), inherit.at("default"), DEFAULT_KEYWORDS);
  const inheritVariables = allowed(rules.get("variables"), inherit.at("variables"));
  const hash = new Map(job);
  hash.delete("extends");
  hash.delete("inherit");
  const inherited = new Map<string, string>();
  for (const [keyword, { value, place: from }] of defaults) {
    if (isGiven(job, keyword) || !(isList(takes) ? takes.includes(keyword) : takes)) continue;
    hash.set(keyword, value);
    inherited.set(keyword, from);
  }
  return { hash, file, inherited, inheritVariables };
};

const inheritOf = (value: Value, place: Place): Hash => {
  if (value === null) return new Map();
  if (!isHash(value)) {
    place.error("config should be a hash");
    return new Map();
  }
  const unknown = [...value.keys()].filter((key) => key !== "default" && key !== "variables");
  if (unknown.length > 0) place.error(`config contains unknown keys: ${unknown.join(", ")}`);
  return value;
};

/** All where nothing is said. */
const allowed = (value: Value | undefined, place: Place, known?: readonly string[]): boolean | readonly string[] => {
  if (value === undefined || value === null) return true;
  if (typeof value === "boolean") return value;
  if (!isList(value)) {
    place.error("should be a bool or array of strings");
    return false;
  }
  const names = value.filter((item) => typeof item === "string");
  if (names.length < value.length) place.error("config should be an array of strings");
  const unknown = known === undefined ? [] : names.filter((name) => !known.includes(name));
  if (unknown.length > 0) place.error(`config contains unknown values: ${unknown.join(", ")}`);
  return names;
};
