import type { Artifacts } from "../keywords/artifacts.ts";
import { DEFAULT_PUBLISH } from "../keywords/pages.ts";
import type { PlannedJob, PlannedNeed, PlannedPages } from "../plan.ts";
import { publishesPages } from "./beside.ts";
import type { DecidedJob } from "./decide-job.ts";
import { toDescribed } from "./describe-jobs.ts";
import type { DescribedNeeds, JobGroup } from "./described-job.ts";
import { mergeVariables } from "./job-variables.ts";

/** What a decided job needs: what its rule says, unless that is nothing. Null without `needs`. */
export const needsOf = ({ job, rule }: DecidedJob): DescribedNeeds | null =>
  rule?.needs !== undefined && rule.needs.length > 0 ? toDescribed(rule.needs) : job.needs;

/** `isThere`: whether a job of that name is in the pipeline. */
export const planJob = (decided: DecidedJob, isThere: (name: string) => boolean): PlannedJob => {
  const { job, rule, inherited, own, environment, resourceGroup, tags } = decided;
  const { group, instance } = job;
  const { keywords } = group;
  const needs = needsOf(decided)?.list.filter((need) => isThere(need.job)) ?? null;
  const when = rule?.when === undefined || rule.when === "never" ? (keywords.when ?? "on_success") : rule.when;
  return {
    name: instance.name,
    group: group.name,
    stage: group.stage,
    when,
    startInSeconds: when === "delayed" ? (rule?.startInSeconds ?? keywords.startInSeconds ?? null) : null,
    ...allowFailureOf(decided),
    needs,
    dependencies: dependenciesOf(job.dependencies, needs, isThere),
    beforeScript: keywords.beforeScript ?? [],
    script: keywords.script ?? [],
    afterScript: keywords.afterScript ?? [],
    preGetSourcesScript: keywords.preGetSourcesScript ?? [],
    image: keywords.image ?? null,
    services: keywords.services ?? [],
    variables: [...mergeVariables(inherited.values(), own.values(), rule?.variables ?? []).values()],
    artifacts: artifactsOf(group),
    cache: keywords.cache ?? [],
    tags,
    timeoutSeconds: keywords.timeoutSeconds ?? null,
    retry: keywords.retry ?? { max: 0, when: [], exitCodes: [] },
    node: instance.node,
    resourceGroup,
    interruptible: rule?.interruptible ?? keywords.interruptible ?? false,
    environment:
      keywords.environment === undefined || environment === null
        ? null
        : { ...keywords.environment, name: environment },
    coverage: keywords.coverage ?? null,
    release: keywords.release ?? null,
    pages: pagesOf(group),
    manualConfirmation: keywords.manualConfirmation ?? null,
  };
};

/** A manual job may fail unless it says otherwise; one that is manual by its rule alone may not. */
const allowFailureOf = ({ job, rule }: DecidedJob): Pick<PlannedJob, "allowFailure" | "allowFailureExitCodes"> => {
  const { allowFailure, when } = job.group.keywords;
  if (rule?.allowFailure !== undefined) return { allowFailure: rule.allowFailure, allowFailureExitCodes: [] };
  if (typeof allowFailure === "object") return { allowFailure: false, allowFailureExitCodes: allowFailure };
  return { allowFailure: allowFailure ?? when === "manual", allowFailureExitCodes: [] };
};

const dependenciesOf = (
  names: readonly string[] | null,
  needs: readonly PlannedNeed[] | null,
  isThere: (name: string) => boolean,
): readonly string[] | null => {
  const there = names?.filter(isThere) ?? null;
  if (needs === null) return there;
  const needed = needs.filter(({ artifacts }) => artifacts).map(({ job }) => job);
  return there === null ? needed : needed.filter((name) => there.includes(name));
};

const folderOf = ({ keywords }: JobGroup): string => keywords.pages?.publish ?? keywords.publish ?? DEFAULT_PUBLISH;

const pagesOf = (group: JobGroup): PlannedPages | null => {
  if (!publishesPages(group.name, group.keywords)) return null;
  const { pathPrefix = null, expireIn = null } = group.keywords.pages ?? {};
  return { publish: folderOf(group), pathPrefix, expireIn };
};

const artifactsOf = (group: JobGroup): Artifacts | null => {
  const { artifacts } = group.keywords;
  if (!publishesPages(group.name, group.keywords)) return artifacts ?? null;
  const paths = artifacts?.paths ?? [];
  const folder = folderOf(group);
  return { ...artifacts, paths: paths.includes(folder) ? paths : [...paths, folder] };
};
