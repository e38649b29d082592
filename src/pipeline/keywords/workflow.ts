import { isGiven } from "../value.ts";
import { scalarText } from "../scalar-text.ts";
import { type AutoCancel, autoCancel } from "./auto-cancel.ts";
import { hashOf } from "./known-keys.ts";
import { attribute, entry, type Reader } from "./reader.ts";
import { type Rule, workflowRules } from "./rules.ts";
import { isScalar, isStorable, NOT_STORABLE } from "./scalar.ts";

export interface Workflow {
  /** Null without the key: then there is a pipeline for every event. */
  readonly rules: readonly Rule[] | null;
  /** Of the pipeline; its variables are expanded when the pipeline is made. */
  readonly name: string | null;
  readonly autoCancel: AutoCancel;
}

export const NO_WORKFLOW: Workflow = { rules: null, name: null, autoCancel: {} };

const MAX_NAME = 255;

/** `workflow`. */
export const workflow: Reader<Workflow> = hashOf(["rules", "name", "auto_cancel"], (hash, at) => {
  if (hash.has("rules") && !isGiven(hash, "rules")) at.at("rules").invalid("can't be blank");
  return {
    rules: entry(hash, "rules", at, workflowRules) ?? null,
    name: attribute(hash, "name", at, pipelineName) ?? null,
    autoCancel: entry(hash, "auto_cancel", at, autoCancel) ?? {},
  };
});

const pipelineName: Reader<string> = (value, at) => {
  const name = isScalar(value) ? scalarText(value) : at.invalid("should be a string");
  if (name !== undefined && name.length > MAX_NAME)
    return at.invalid(`is too long (maximum is ${MAX_NAME} characters)`);
  return name === undefined || isStorable(name) ? name : at.invalid(NOT_STORABLE);
};
