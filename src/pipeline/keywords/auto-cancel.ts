import { hashOf } from "./known-keys.ts";
import { attribute, defined, type Reader } from "./reader.ts";
import { oneOf } from "./scalar.ts";

export interface AutoCancel {
  readonly onNewCommit?: "conservative" | "interruptible" | "none";
  readonly onJobFailure?: "none" | "all";
}

const among = <const T extends string>(words: readonly T[]): Reader<T> =>
  oneOf(words, `must be one of: ${words.join(", ")}`);

/** `auto_cancel` of the workflow or of one of its rules: a rule's words replace those of the workflow one by one. */
export const autoCancel: Reader<AutoCancel> = hashOf(["on_new_commit", "on_job_failure"], (hash, at) =>
  defined({
    onNewCommit: attribute(hash, "on_new_commit", at, among(["conservative", "interruptible", "none"])),
    onJobFailure: attribute(hash, "on_job_failure", at, among(["none", "all"])),
  }),
);
