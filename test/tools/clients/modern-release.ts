/** Releases of today's runner, as far as the wire tells them apart. */

export interface Release {
  readonly version: string;
  readonly goVersion: string;
  /** Names its machine, numbers its requests, and says its token in a header too. */
  readonly namesItself: boolean;
  /** Says that it runs as soon as it has a job. */
  readonly reportsAtOnce: boolean;
  /** What `info.features` has as true. */
  readonly features: readonly string[];
}

const FEATURES_14 = [
  ..."variables artifacts cache shared upload_multiple_artifacts upload_raw_artifacts session terminal".split(" "),
  ..."refspecs masking raw_variables artifacts_exclude multi_build_steps trace_reset trace_checksum".split(" "),
  ..."trace_size vault_secrets cancelable return_exit_code".split(" "),
];

export const RELEASE_14: Release = {
  version: "14.6.0",
  goVersion: "go1.19.8",
  namesItself: false,
  reportsAtOnce: false,
  features: FEATURES_14,
};

export const RELEASE_19: Release = {
  version: "19.3.0",
  goVersion: "go1.26.1",
  namesItself: true,
  reportsAtOnce: true,
  features: [
    ...FEATURES_14,
    ..."fallback_cache_keys service_variables service_multiple_aliases image_executor_opts".split(" "),
    ..."service_executor_opts cancel_gracefully native_steps_integration two_phase_job_commit job_inputs".split(" "),
  ],
};

/** The same release by an executor that lacks these. */
export const without = (release: Release, ...lacking: readonly string[]): Release => ({
  ...release,
  features: release.features.filter((feature) => !lacking.includes(feature)),
});

export const infoOf = ({ version, features }: Release) => ({
  name: "gitlab-runner",
  version,
  revision: "HEAD",
  platform: "linux",
  architecture: "amd64",
  executor: "shell",
  shell: "bash",
  features: Object.fromEntries(features.map((feature) => [feature, true])),
  config: { gpus: "" },
});
