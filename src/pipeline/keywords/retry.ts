import type { Place } from "../problem.ts";
import { isHash, isList, type Value } from "../value.ts";
import { checkKeys } from "./known-keys.ts";
import { integerOrIntegers, textOrTexts } from "./list.ts";
import { nearest } from "./nearest.ts";
import { attribute, type Reader } from "./reader.ts";
import { integerBetween, isInteger } from "./scalar.ts";

export interface Retry {
  /** 0 to 2. */
  readonly max: number;
  /** Failure reasons; empty or `always` for all. */
  readonly when: readonly string[];
  readonly exitCodes: readonly number[];
}

/** GitLab's failure reasons, and `always`. */
const REASONS = `
  always unknown_failure script_failure api_failure stuck_or_timeout_failure runner_system_failure
  missing_dependency_failure runner_unsupported stale_schedule job_execution_timeout archived_failure
  unmet_prerequisites scheduler_failure data_integrity_failure forward_deployment_failure user_blocked
  project_deleted ci_quota_exceeded pipeline_loop_detected no_matching_runner trace_size_exceeded
  builds_disabled environment_creation_failure deployment_rejected failed_outdated_deployment_job
  job_execution_server_timeout protected_environment_failure insufficient_bridge_permissions
  downstream_bridge_project_not_found invalid_bridge_trigger upstream_bridge_project_not_found
  insufficient_upstream_permissions bridge_pipeline_is_child_pipeline
  downstream_pipeline_creation_failed secrets_provider_not_found
  reached_max_descendant_pipelines_depth ip_restriction_failure reached_max_pipeline_hierarchy_size
  duo_workflow_not_allowed job_token_expired reached_downstream_pipeline_trigger_rate_limit
  job_router_failure
`
  .trim()
  .split(/\s+/);

const max = integerBetween(0, 2);

/** `retry`: a number of times, or `{max, when, exit_codes}`. */
export const retry: Reader<Retry> = (value, at) => {
  if (isInteger(value)) {
    const times = max(value, at);
    return times === undefined ? undefined : { max: times, when: [], exitCodes: [] };
  }
  if (!isHash(value)) return at.invalid("has to be either an integer or a hash");
  checkKeys(value, at, ["max", "when", "exit_codes"]);
  return {
    // GitLab stores a hash without `max` as it is, and then retries nothing.
    max: attribute(value, "max", at, max) ?? 0,
    when: attribute(value, "when", at, reasons) ?? [],
    exitCodes: attribute(value, "exit_codes", at, integerOrIntegers) ?? [],
  };
};

const reasons = (value: Value, at: Place): readonly string[] | undefined => {
  const asked = textOrTexts(value, at);
  const unknown = asked?.filter((reason) => !REASONS.includes(reason)) ?? [];
  if (unknown.length === 0) return asked;
  const meant = nearest(unknown[0] ?? "", REASONS);
  const hint = meant === null ? "" : ` (did you mean ${meant}?)`;
  return at.invalid(
    isList(value)
      ? `contains unknown values: ${unknown.slice(0, 10).join(", ")}${hint}`
      : `is not included in the list${hint}`,
  );
};
