/** What a job's keywords must be beside one another. */

import type { JobKeywords } from "../keywords/job.ts";
import type { Place } from "../problem.ts";
import { type Hash, isGiven } from "../value.ts";

const MAX_NAME = 255;

/** What makes a job of a hash; the last two are refused elsewhere. */
const MAKES_A_JOB = ["script", "run", "trigger"];

export const checkName = (name: string, at: Place): void => {
  if (name.trim() === "") at.attribute("name").invalid("can't be blank");
  if (name.length > MAX_NAME) at.attribute("name").invalid(`is too long (maximum is ${MAX_NAME} characters)`);
};

export const checkScript = (hash: Hash, keywords: JobKeywords, at: Place): void => {
  if (!MAKES_A_JOB.some((key) => hash.has(key))) {
    at.error("config should implement the script:, run:, or trigger: keyword");
  } else if (hash.has("script") && (!isGiven(hash, "script") || isBlank(keywords.script))) {
    at.attribute("script").invalid("can't be blank");
  }
};

const isBlank = (script: readonly string[] | undefined): boolean =>
  script !== undefined && (script.length === 0 || (script.length === 1 && script[0]?.trim() === ""));

export const checkBesideRules = (hash: Hash, at: Place): void => {
  if (!isGiven(hash, "rules")) return;
  const refused = ["only", "except", "start_in"].filter((key) => isGiven(hash, key));
  if (refused.length > 0) at.invalid(`key may not be used with \`rules\`: ${refused.join(", ")}`);
};

export const checkDelay = (hash: Hash, at: Place): void => {
  const delayed = hash.get("when") === "delayed";
  if (delayed && !isGiven(hash, "start_in")) at.attribute("start_in").invalid("should be a duration");
  if (!delayed && isGiven(hash, "start_in")) at.attribute("start_in").invalid("must be blank");
};

/** With `needs`, artifacts come from needed jobs alone. */
export const checkDependenciesBesideNeeds = ({ dependencies, needs }: JobKeywords, at: Place): void => {
  if (dependencies === undefined || needs === undefined || needs.length === 0) return;
  const needed = new Set(needs.map(({ job }) => job));
  const missing = dependencies.filter((name) => !needed.has(name));
  if (missing.length > 0) at.attribute("dependencies").invalid(`the ${missing.join(", ")} should be part of needs`);
};

export const checkPages = (name: string, keywords: JobKeywords, at: Place): void => {
  const { pages, publish } = keywords;
  if (publish !== undefined && !publishesPages(name, keywords)) {
    at.attribute("publish").invalid("can only be used within a `pages` job");
  }
  if (publish !== undefined && (pages?.publish ?? null) !== null) {
    at.errorWithoutPlace(`${name} job: use either ${name}:publish or ${name}:pages:publish`);
  }
};

/** By the keyword, or by the job's name unless it says `pages: false`. */
export const publishesPages = (name: string, { pages }: JobKeywords): boolean => pages?.on ?? name === "pages";
