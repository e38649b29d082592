import { isHash, type Value } from "../value.ts";

/** Keys at the file's top that never name a job. */
const RESERVED = new Set([
  "include",
  "stages",
  "variables",
  "image",
  "services",
  "cache",
  "before_script",
  "after_script",
]);

/** Others that don't, unless what they have is a job. */
const USUALLY_RESERVED = new Set(["default", "workflow"]);

const MAKES_A_JOB = ["script", "run", "trigger"];

export const isJobKey = (key: string, value: Value): boolean => {
  if (RESERVED.has(key)) return false;
  return !USUALLY_RESERVED.has(key) || looksLikeJob(value);
};

export const isHidden = (key: string): boolean => key.startsWith(".");

const looksLikeJob = (value: Value): boolean => isHash(value) && MAKES_A_JOB.some((keyword) => value.has(keyword));
