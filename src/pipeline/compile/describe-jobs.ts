/** All jobs that a file describes, by their names, with the names of the jobs that they need. */
import type { Need } from "../keywords/needs.ts";
import type { DescribedJob, DescribedNeeds, Instance, JobGroup } from "./described-job.ts";
import { MAX_NEEDS } from "./limits.ts";
import { expandNames, expandNeeds, type Groups, needsVary, valuesByKey, withMatrixValues } from "./needed-names.ts";

/** Of two jobs with one name the later one counts, at the place of the first: so GitLab has it. A warning says so. */
export const describeJobs = (list: readonly JobGroup[]): ReadonlyMap<string, DescribedJob> => {
  const groups: Groups = new Map(list.map((group) => [group.name, group]));
  const jobs = new Map<string, DescribedJob>();
  for (const group of list) {
    const needsOf = needsBy(group, groups);
    const { dependencies } = group.keywords;
    const names = dependencies === undefined ? null : expandNames(dependencies, groups);
    if (group.instances.length === 0) group.place.warn("makes no job: its matrix has no combination");
    for (const instance of group.instances) {
      if (jobs.has(instance.name))
        group.place.warn(`makes a job that there is already, and replaces it: ${instance.name}`);
      jobs.set(instance.name, { group, instance, needs: needsOf(instance), dependencies: names });
    }
  }
  return jobs;
};

const needsBy = (group: JobGroup, groups: Groups): ((instance: Instance) => DescribedNeeds | null) => {
  const { needs, variables = [] } = group.keywords;
  if (needs === undefined) return () => null;
  if (needs.length > MAX_NEEDS) {
    group.place.errorWithoutPlace(`${group.name}: ${tooMany(needs.length)}`);
    return () => ({ list: [], count: 0 });
  }
  if (!needsVary(needs)) {
    const same = expandNeeds(needs, groups);
    return () => same;
  }
  return (instance) => expandNeeds(withMatrixValues(needs, valuesByKey(variables, instance.variables), group), groups);
};

export const tooMany = (count: number): string =>
  `one job can only need ${MAX_NEEDS} others, but you have listed ${count}. See needs keyword documentation for more details`;

export const toDescribed = (needs: readonly Need[]): DescribedNeeds => ({
  list: needs.slice(0, MAX_NEEDS + 1).map(({ job, artifacts, optional }) => ({ job, artifacts, optional })),
  count: needs.length,
});
