/** Reads the jobs of a composed config, each with what it says and what it becomes by `parallel`. */
import type { ComposedConfig, ComposedJob } from "../compose/composed.ts";
import { type JobKeywords, JOB_KEYS, jobKeywords } from "../keywords/job.ts";
import { checkKeys } from "../keywords/known-keys.ts";
import { DEFAULT_ONLY, type Policy } from "../keywords/policy.ts";
import { isStorable, NOT_STORABLE } from "../keywords/scalar.ts";
import type { SharedValues } from "../keywords/shared-values.ts";
import { DEFAULT_STAGE } from "../keywords/stage.ts";
import { refuseUnsupported, UNSUPPORTED_KEYS } from "../keywords/unsupported.ts";
import { Place, type Problem } from "../problem.ts";
import type { Hash } from "../value.ts";
import { Sizes } from "../yaml/size.ts";
import {
  checkBesideRules,
  checkDelay,
  checkDependenciesBesideNeeds,
  checkName,
  checkPages,
  checkScript,
} from "./beside.ts";
import type { JobGroup } from "./described-job.ts";
import { countInstances, instancesOf } from "./instances.ts";
import { MAX_DESCRIBED_JOBS, MAX_JOBS_SIZE } from "./limits.ts";
import { warnOfSurprises } from "./warnings.ts";

interface Reading {
  readonly shared: SharedValues;
  /** The file has `workflow:rules`: then `only` has no default. */
  readonly hasWorkflow: boolean;
  readonly problems: Problem[];
}

export const readGroups = (config: ComposedConfig, reading: Reading): readonly JobGroup[] => {
  const { problems } = reading;
  const sizes = new Sizes();
  const topSize = sizes.of(config.top.get("variables") ?? null).size;
  const groups: JobGroup[] = [];
  let count = 0;
  let size = 0;
  for (const [name, job] of config.jobs) {
    const keywords = readJob(name, job, reading);
    const instances = countInstances(keywords.parallel);
    count += instances;
    size += instances * (sizes.of(job.hash).size + (job.inheritVariables === false ? 0 : topSize));
    if (count > MAX_DESCRIBED_JOBS || size > MAX_JOBS_SIZE) {
      const what =
        count > MAX_DESCRIBED_JOBS ? `more than ${MAX_DESCRIBED_JOBS} jobs` : "jobs that are too large together";
      new Place(problems, "jobs", job.file).invalid(`makes ${what}`);
      return [];
    }
    groups.push(groupOf(name, job, keywords, reading));
  }
  return groups;
};

const placeOf = (name: string, { file }: ComposedJob, problems: Problem[]): Place =>
  new Place(problems, `jobs:${name}`, file);

const readJob = (name: string, job: ComposedJob, { shared, hasWorkflow, problems }: Reading): JobKeywords => {
  const { hash, inherited } = job;
  const at = placeOf(name, job, problems);
  // What is inherited is told of at its own place.
  const muted = new Place([], at.path);
  const keywords = jobKeywords(hash, (key) => (inherited.has(key) ? muted : at), shared);
  if (isStorable(name)) checkName(name, at);
  else at.attribute("name").invalid(NOT_STORABLE);
  checkKeys(hash, at, [...JOB_KEYS, ...UNSUPPORTED_KEYS]);
  refuseUnsupported(withoutInherited(hash, inherited), at);
  checkScript(hash, keywords, at);
  checkBesideRules(hash, at);
  checkDelay(hash, at);
  checkDependenciesBesideNeeds(keywords, at);
  checkPages(name, keywords, at);
  warnOfSurprises(keywords, hasWorkflow, at);
  return keywords;
};

const withoutInherited = (hash: Hash, inherited: ComposedJob["inherited"]): Hash =>
  inherited.has("id_tokens") ? new Map([...hash].filter(([key]) => !inherited.has(key))) : hash;

const groupOf = (name: string, job: ComposedJob, keywords: JobKeywords, reading: Reading): JobGroup => ({
  name,
  place: placeOf(name, job, reading.problems),
  keywords,
  stage: keywords.stage ?? DEFAULT_STAGE,
  only: onlyOf(job.hash, keywords, reading.hasWorkflow),
  except: keywords.rules === undefined ? (keywords.except ?? null) : null,
  inheritVariables: job.inheritVariables,
  instances: instancesOf(name, keywords.parallel),
});

/** The default counts for each key that `only` itself doesn't have, and not at all beside `rules`. */
const onlyOf = (hash: Hash, { only, rules }: JobKeywords, hasWorkflow: boolean): Policy | null => {
  if (rules !== undefined) return null;
  if (only !== undefined) return { ...DEFAULT_ONLY, ...only };
  return hash.has("rules") || hasWorkflow ? null : DEFAULT_ONLY;
};
