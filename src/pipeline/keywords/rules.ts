import type { Place } from "../problem.ts";
import { valueText } from "../scalar-text.ts";
import { isHash, isList, type Hash, isGiven } from "../value.ts";
import { type AutoCancel, autoCancel } from "./auto-cancel.ts";
import { type Changes, changes } from "./changes.ts";
import { exists } from "./exists.ts";
import { checkKeys } from "./known-keys.ts";
import { flattened } from "./list.ts";
import { type Need, needs } from "./needs.ts";
import { attribute, defined, entry, type Reader } from "./reader.ts";
import { boolean } from "./scalar.ts";
import { startIn } from "./start-in.ts";
import { isExpression } from "../expressions/evaluate.ts";
import { type FileVariable, textVariables } from "./variables.ts";
import type { When } from "./when.ts";

/** One rule. All of its conditions must hold; then what else it says counts for the job. Undefined: it says nothing about it. */
export interface Rule {
  readonly if?: string;
  readonly changes?: Changes;
  /** Globs. */
  readonly exists?: readonly string[];
  readonly when?: When | "never";
  readonly startInSeconds?: number;
  readonly allowFailure?: boolean;
  readonly variables?: readonly FileVariable[];
  readonly needs?: readonly Need[];
  readonly interruptible?: boolean;
  readonly autoCancel?: AutoCancel;
}

interface RuleForm {
  readonly when: readonly (When | "never")[];
  readonly keys: readonly string[];
}

const COMMON = ["if", "changes", "exists", "when", "start_in", "allow_failure", "variables", "needs"];

const OF_JOB: RuleForm = {
  when: ["on_success", "on_failure", "always", "never", "manual", "delayed"],
  keys: [...COMMON, "interruptible"],
};

/** GitLab takes a job's keys here too, and does nothing with them. */
const OF_WORKFLOW: RuleForm = { when: ["always", "never"], keys: [...COMMON, "auto_cancel"] };

/** `rules` of a job: hashes, in lists in lists up to ten deep. */
export const jobRules: Reader<readonly Rule[]> = (value, at) => rulesOf(OF_JOB)(value, at);

/** `rules` of the workflow. */
export const workflowRules: Reader<readonly Rule[]> = (value, at) => rulesOf(OF_WORKFLOW)(value, at);

const rulesOf =
  (form: RuleForm): Reader<readonly Rule[]> =>
  (value, at) => {
    const flat = isList(value) ? flattened(value, isHash) : null;
    if (flat === null) return at.invalid("should be an array containing hashes and arrays of hashes");
    return flat.length === 0 ? at.invalid("can't be blank") : flat.map((hash) => rule(hash, at.at("rule"), form));
  };

const rule = (hash: Hash, at: Place, form: RuleForm): Rule => {
  if (hash.size === 0) at.invalid("can't be blank");
  checkKeys(hash, at, form.keys);
  return defined({
    if: attribute(hash, "if", at, expression),
    changes: entry(hash, "changes", at, changes),
    exists: entry(hash, "exists", at, exists),
    when: attribute(hash, "when", at, whenAmong(form.when)),
    startInSeconds: delay(hash, at),
    allowFailure: attribute(hash, "allow_failure", at, boolean),
    variables: entry(hash, "variables", at, textVariables),
    needs: entry(hash, "needs", at, needs),
    interruptible: attribute(hash, "interruptible", at, boolean),
    autoCancel: entry(hash, "auto_cancel", at, autoCancel),
  });
};

const expression: Reader<string> = (value, at) =>
  typeof value === "string" && isExpression(value) ? value : at.invalid("invalid expression syntax");

const whenAmong =
  (allowed: readonly (When | "never")[]): Reader<When | "never"> =>
  (value, at) =>
    allowed.find((word) => word === value) ?? at.invalid(`unknown value: ${valueText(value)}`);

/** A delay must stand in a rule that says `delayed`, and in no other. */
const delay = (hash: Hash, at: Place): number | undefined => {
  const delayed = hash.get("when") === "delayed";
  if (!isGiven(hash, "start_in")) return delayed ? at.attribute("start_in").invalid("can't be blank") : undefined;
  return delayed ? attribute(hash, "start_in", at, startIn) : at.invalid("contains disallowed keys: start_in");
};
