/**
 * Settings of GitLab's projects that Signalbox doesn't have, and how they stand in every project. A request may say just that,
 * as tools do which write back what they have read; any other value is refused, never dropped.
 */
/** What projects are shown with. */
export const ABSENT_SETTINGS = {
  issues_enabled: false,
  issues_access_level: "disabled",
  merge_requests_enabled: false,
  merge_requests_access_level: "disabled",
  wiki_enabled: false,
  wiki_access_level: "disabled",
  snippets_enabled: false,
  snippets_access_level: "disabled",
  container_registry_enabled: false,
  container_registry_access_level: "disabled",
  packages_enabled: false,
  pages_access_level: "disabled",
  releases_access_level: "disabled",
  environments_access_level: "disabled",
  feature_flags_access_level: "disabled",
  request_access_enabled: false,
  lfs_enabled: false,
  service_desk_enabled: false,
  jobs_enabled: true,
  ci_forward_deployment_enabled: false,
  ci_job_token_scope_enabled: false,
  ci_separated_caches: false,
  restrict_user_defined_variables: false,
  runner_token_expiration_interval: null,
} as const;

/** What a request may name that a project isn't shown with. A group is the first part of a path. */
const UNSHOWN = {
  namespace_id: 0,
  group_with_project_templates_id: null,
  import_url: null,
  template_name: null,
  template_project_id: null,
  use_custom_template: false,
  initialize_with_readme: false,
  mirror: false,
  ci_allow_fork_pipelines_to_run_in_parent_project: false,
  ci_push_repository_for_job_token_allowed: false,
  ci_restrict_pipeline_cancellation_role: null,
  ci_pipeline_variables_minimum_override_role: null,
  ci_id_token_sub_claim_components: null,
  ci_delete_pipelines_in_seconds: null,
  auto_devops_enabled: false,
  only_allow_merge_if_pipeline_succeeds: false,
} as const;

const STANDING: Readonly<Record<string, unknown>> = { ...ABSENT_SETTINGS, ...UNSHOWN };

/** As JSON writes it; a form writes `false` and `disabled` without quotes. */
const textOf = (value: unknown): string => (typeof value === "string" ? value.toLowerCase() : JSON.stringify(value));

const isSame = (asked: unknown, standing: unknown): boolean => textOf(asked) === textOf(standing);

/** The first setting that is asked to be otherwise, null when there is none. */
export const absentSetting = (params: Readonly<Record<string, unknown>>): string | null =>
  Object.keys(params).find((name) => {
    const value = params[name];
    return Object.hasOwn(STANDING, name) && value !== "" && value !== undefined && !isSame(value, STANDING[name]);
  }) ?? null;
