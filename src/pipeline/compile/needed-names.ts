/** From what a job says that it needs to the names of the jobs that are meant. */
import type { MatrixRow } from "../keywords/matrix.ts";
import type { Need } from "../keywords/needs.ts";
import type { PlannedVariable } from "../plan.ts";
import type { DescribedNeed, DescribedNeeds, JobGroup } from "./described-job.ts";
import { combinationsOf, matrixName } from "./instances.ts";
import { MAX_NEEDS } from "./limits.ts";

export type Groups = ReadonlyMap<string, JobGroup>;

const MATRIX_EXPRESSION = /\$\[\[\s*matrix\.([\w-]+)\s*\]\]/g;

const hasExpression = (text: string): boolean => text.includes("$[[");

/** Whether `needs` means other jobs for each instance of the job that has it. */
export const needsVary = (needs: readonly Need[]): boolean =>
  needs.some(
    ({ job, matrix }) =>
      hasExpression(job) || (matrix ?? []).some((row) => row.some(([, values]) => values.some(hasExpression))),
  );

/** With the values of the instance in place of `$[[ matrix.X ]]`. What it doesn't have is told. */
export const withMatrixValues = (
  needs: readonly Need[],
  variables: ReadonlyMap<string, string>,
  { name, place }: JobGroup,
): readonly Need[] => {
  const fill = (text: string): string =>
    text.replaceAll(MATRIX_EXPRESSION, (written, key: string) => {
      const value = variables.get(key);
      if (value === undefined) {
        place.errorWithoutPlace(`${name} job: '${key}' does not exist in matrix configuration`);
      }
      return value ?? written;
    });
  const fillRow = (row: MatrixRow): MatrixRow => row.map(([key, values]) => [key, values.map(fill)]);
  return needs.map((need) => ({ ...need, job: fill(need.job), matrix: need.matrix?.map(fillRow) ?? null }));
};

/** A need of a job with `parallel` is one of all of its instances, or of those whose values it names. */
export const expandNeeds = (needs: readonly Need[], groups: Groups): DescribedNeeds => {
  const list: DescribedNeed[] = [];
  let count = 0;
  for (const { job, artifacts, optional, matrix } of needs) {
    for (const name of namesOf(job, matrix, groups)) {
      count += 1;
      if (list.length <= MAX_NEEDS) list.push({ job: name, artifacts, optional });
    }
  }
  return { list, count };
};

const namesOf = (job: string, matrix: readonly MatrixRow[] | null, groups: Groups): readonly string[] => {
  const group = groups.get(job);
  if (group?.keywords.parallel === undefined) return [job];
  if (matrix === null) return group.instances.map(({ name }) => name);
  return matrix.flatMap(combinationsOf).map((variables) => matrixName(job, variables));
};

/** A dependency on a job with `parallel` is one on all of its instances. */
export const expandNames = (names: readonly string[], groups: Groups): readonly string[] =>
  names.flatMap((name) => namesOf(name, null, groups));

export const valuesByKey = (...lists: readonly (readonly PlannedVariable[])[]): ReadonlyMap<string, string> =>
  new Map(lists.flat().map(({ key, value }) => [key, value]));
