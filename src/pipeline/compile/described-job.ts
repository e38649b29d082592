import type { JobKeywords } from "../keywords/job.ts";
import type { Policy } from "../keywords/policy.ts";
import type { PlannedVariable } from "../plan.ts";
import type { Place } from "../problem.ts";

/** What a file says of a job, before any event is known. Instances of `parallel` share it. */
export interface JobGroup {
  /** The name in the file. */
  readonly name: string;
  /** Where its problems are told. */
  readonly place: Place;
  readonly keywords: JobKeywords;
  readonly stage: string;
  /** What counts of `only`, its default included; null if nothing does. */
  readonly only: Policy | null;
  readonly except: Policy | null;
  /** Which of the top's variables it takes: all, none, or those with these names. */
  readonly inheritVariables: boolean | readonly string[];
  readonly instances: readonly Instance[];
}

/** One of a group's jobs; the only one without `parallel`. */
export interface Instance {
  readonly name: string;
  /** `i` of `N`, from 1; null without `parallel`. */
  readonly node: { readonly index: number; readonly total: number } | null;
  /** Of its combination in the matrix. */
  readonly variables: readonly PlannedVariable[];
}

/** A job with the names of the instances that it needs. */
export interface DescribedJob {
  readonly group: JobGroup;
  readonly instance: Instance;
  /** Null without the keyword. */
  readonly needs: DescribedNeeds | null;
  /** Null without the keyword. */
  readonly dependencies: readonly string[] | null;
}

export interface DescribedNeeds {
  readonly list: readonly DescribedNeed[];
  /** How many there are in all; the list holds no more than one above the limit. */
  readonly count: number;
}

export interface DescribedNeed {
  readonly job: string;
  readonly artifacts: boolean;
  readonly optional: boolean;
}
