/** A config's jobs as lint shows them: of the file alone, or of an event. */
import type { Policy } from "../keywords/policy.ts";
import type { Plan } from "../plan.ts";
import type { DescribedConfig } from "./described-config.ts";
import type { DescribedJob, DescribedNeed } from "./described-job.ts";

/** In GitLab's words. Scripts are flat, as they will run. */
export interface LintJob {
  readonly name: string;
  readonly stage: string;
  readonly before_script: readonly string[];
  readonly script: readonly string[];
  readonly after_script: readonly string[];
  readonly tag_list: readonly string[];
  /** Null for jobs of an event, and where it doesn't count. */
  readonly only: Policy | null;
  readonly except: Policy | null;
  readonly environment: string | null;
  readonly when: string;
  readonly allow_failure: boolean;
  /** Null for jobs of an event, and without the keyword. */
  readonly needs: readonly { readonly name: string; readonly artifacts: boolean; readonly optional: boolean }[] | null;
}

/** All that the file describes, in the order of the stages, nothing expanded and no rule asked. */
export const describedLintJobs = ({ stages, jobs }: DescribedConfig): readonly LintJob[] => {
  const order = new Map(stages.map((stage, at) => [stage, at]));
  const place = ({ group }: DescribedJob): number => order.get(group.stage) ?? 0;
  return [...jobs.values()].toSorted((one, other) => place(one) - place(other)).map(describedLintJob);
};

const describedLintJob = ({ group, instance, needs }: DescribedJob): LintJob => {
  const {
    beforeScript = [],
    script = [],
    afterScript = [],
    tags = [],
    environment,
    when,
    allowFailure,
  } = group.keywords;
  return {
    name: instance.name,
    stage: group.stage,
    before_script: beforeScript,
    script,
    after_script: afterScript,
    tag_list: tags,
    only: group.only,
    except: group.except,
    environment: environment?.name ?? null,
    when: when ?? "on_success",
    allow_failure: typeof allowFailure === "object" ? false : (allowFailure ?? when === "manual"),
    needs: needs?.list.map(lintNeed) ?? null,
  };
};

const lintNeed = ({ job, artifacts, optional }: DescribedNeed): NonNullable<LintJob["needs"]>[number] => ({
  name: job,
  artifacts,
  optional,
});

/** The jobs of an event. */
export const plannedLintJobs = ({ jobs }: Plan): readonly LintJob[] =>
  jobs.map((job) => ({
    name: job.name,
    stage: job.stage,
    before_script: job.beforeScript,
    script: job.script,
    after_script: job.afterScript,
    tag_list: job.tags,
    only: null,
    except: null,
    environment: job.environment?.name ?? null,
    when: job.when,
    allow_failure: job.allowFailure,
    needs: null,
  }));
