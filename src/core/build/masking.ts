/** Which values a log can hide. */
import type { Variable } from "./spec.ts";

const MIN_CHARACTERS = 8;
/** Without these characters the text in the job is the text that is written: nothing is expanded in it. */
const EXPANDED = /^[a-zA-Z0-9_+=/@:.~-]{8,}$/;
const RAW = /^\S{8,}$/;

/**
 * Why a log can't hide this value although it should; null when it can. A value that the job sees in another form than it
 * is written (`$$`, `$X`) would stand there in clear, and a short one would take half of the log with it.
 */
export const maskProblem = ({ value, masked, raw }: Pick<Variable, "value" | "masked" | "raw">): string | null => {
  if (!masked) return null;
  if (value.length < MIN_CHARACTERS) return `must have at least ${MIN_CHARACTERS} characters to be masked`;
  if (raw) return RAW.test(value) ? null : "can't be masked: it must be one line without white space";
  if (EXPANDED.test(value)) return null;
  return "can't be masked: unless it is raw, it may have only a-z A-Z 0-9 and _ + = / @ : . ~ -";
};
