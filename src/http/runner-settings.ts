/** The settings of a runner by the names that GitLab gives them: from runners that register, and from consumers. */
import * as v from "valibot";
import { refuse, accept } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import type { RunnerSettings } from "../core/runner/runner.ts";
import { given } from "./given.ts";
import { looseBoolean, looseInteger, looseString, tagList } from "./loose.ts";

const text = v.nullish(v.pipe(looseString, v.maxLength(1024, "is too long (maximum is 1024 characters)")));
const flag = v.nullish(looseBoolean);

const timeoutSeconds = v.pipe(
  looseInteger,
  v.minValue(600, "needs to be at least 10 minutes"),
  v.maxValue(2 ** 31 - 1, "is too long"),
);

/** Null is not given, for all of them but `maximum_timeout`: of that null, or a form's empty text, takes the limit away. */
export const settingFields = {
  description: text,
  maintenance_note: text,
  // Its older name, and `active` the older name of the opposite of `paused`.
  maintainer_note: text,
  paused: flag,
  active: flag,
  tag_list: v.nullish(tagList),
  run_untagged: flag,
  locked: flag,
  access_level: v.nullish(v.picklist(["not_protected", "ref_protected"], "does not have a valid value")),
  maximum_timeout: v.optional(v.nullable(v.union([v.literal(""), timeoutSeconds]))),
};

const settingParams = v.object(settingFields);

/** What the parameters set, and no more. Errors: `invalid` when they contradict each other. */
export const runnerSettingsOf = (params: v.InferOutput<typeof settingParams>): Outcome<Partial<RunnerSettings>> => {
  const { active, paused, maximum_timeout: timeout } = params;
  const isGiven = (value: boolean | null | undefined): value is boolean => value !== null && value !== undefined;
  if (isGiven(active) && isGiven(paused)) {
    return refuse({ reason: "invalid", field: "active, paused", message: "are mutually exclusive" });
  }
  return accept(
    given({
      description: params.description ?? undefined,
      maintenanceNote: params.maintenance_note ?? params.maintainer_note ?? undefined,
      paused: paused ?? (isGiven(active) ? !active : undefined),
      tags: params.tag_list ?? undefined,
      runUntagged: params.run_untagged ?? undefined,
      locked: params.locked ?? undefined,
      accessLevel: params.access_level ?? undefined,
      maximumTimeoutSeconds: timeout === "" ? null : timeout,
    }),
  );
};
