/**
 * The answer to jobs/request as Go's encoding/json decodes it in runners 14.6 and 19.3 (protocol.md B.5): unknown fields
 * are fine, a wrong JSON type loses the job, and null is as good as absent, but for `run`. What a runner can't do without
 * must be there; what it takes from a list of words must be one of them.
 */
import * as v from "valibot";

const text = v.string();
const flag = v.boolean();
/** Valibot's own objects take a list for one. */
const record = v.custom<Record<string, unknown>>(
  (input) => typeof input === "object" && input !== null && !Array.isArray(input),
);
const struct = <T extends v.ObjectEntries>(fields: T) => v.pipe(record, v.looseObject(fields));
const options = <T extends v.ObjectEntries>(fields: T) => v.pipe(record, v.strictObject(fields));
/** Go takes no fraction for an int. */
const int = v.pipe(v.number(), v.safeInteger());
const texts = v.array(text);
const maybe = <T extends v.GenericSchema>(schema: T) => v.nullish(schema);
const list = <T extends v.GenericSchema>(item: T) => v.nullable(v.array(item));

const variables = v.array(
  struct({
    key: v.pipe(text, v.nonEmpty()),
    value: text,
    public: maybe(flag),
    masked: maybe(flag),
    file: maybe(flag),
    raw: maybe(flag),
  }),
);

const when = maybe(v.picklist(["on_success", "on_failure", "always"]));

const step = struct({
  name: v.picklist(["script", "after_script"]),
  script: texts,
  timeout: v.pipe(int, v.minValue(1)),
  when: v.picklist(["on_success", "on_failure", "always"]),
  allow_failure: flag,
});

const image14 = {
  name: v.pipe(text, v.nonEmpty()),
  alias: maybe(text),
  command: maybe(texts),
  entrypoint: maybe(texts),
  ports: maybe(v.array(struct({ number: maybe(int), protocol: maybe(text), name: maybe(text) }))),
};

const image19 = {
  ...image14,
  variables: maybe(variables),
  pull_policy: maybe(v.array(v.picklist(["always", "if-not-present", "never"]))),
  // Decoded with any field, but one that isn't known fails the job.
  executor_opts: maybe(
    options({
      docker: maybe(options({ platform: maybe(text), user: maybe(v.union([text, int])) })),
      kubernetes: maybe(options({ user: maybe(v.union([text, int])) })),
    }),
  ),
};

const artifact = struct({
  name: maybe(text),
  untracked: maybe(flag),
  paths: maybe(texts),
  exclude: maybe(texts),
  when,
  artifact_type: v.pipe(text, v.nonEmpty()),
  artifact_format: v.picklist(["zip", "gzip", "raw"]),
  expire_in: maybe(text),
});

const cache14 = {
  key: maybe(text),
  untracked: maybe(flag),
  policy: maybe(v.picklist(["pull-push", "pull", "push"])),
  paths: maybe(texts),
  when,
};

const credential = struct({ type: text, url: text, username: text, password: text });

const dependency = struct({
  id: int,
  token: text,
  name: text,
  artifacts_file: v.optional(struct({ filename: v.pipe(text, v.nonEmpty()), size: int })),
});

const jobInfo14 = { name: text, stage: text, project_id: int, project_name: text };

const jobInfo19 = {
  ...jobInfo14,
  pipeline_id: int,
  project_full_path: text,
  namespace_id: int,
  root_namespace_id: int,
  organization_id: int,
  instance_id: text,
  instance_uuid: text,
  user_id: int,
  scoped_user_id: maybe(int),
  time_in_queue_seconds: v.number(),
  project_jobs_running_on_instance_runners_count: v.pipe(text, v.regex(/^(\+Inf|[0-4]|5\+)$/)),
  queue_size: int,
  queue_depth: int,
};

const gitInfo14 = {
  repo_url: text,
  ref: text,
  sha: v.pipe(text, v.minLength(8)),
  before_sha: v.pipe(text, v.minLength(8)),
  ref_type: v.picklist(["branch", "tag"]),
  refspecs: v.pipe(texts, v.minLength(1)),
  depth: int,
};

const common = {
  id: int,
  token: v.pipe(text, v.nonEmpty()),
  allow_git_fetch: flag,
  variables,
  steps: v.pipe(v.array(step), v.minLength(1)),
  artifacts: list(artifact),
  credentials: list(credential),
  dependencies: list(dependency),
  secrets: v.optional(struct({})),
};

export const GO_14_6 = struct({
  ...common,
  job_info: struct(jobInfo14),
  git_info: struct(gitInfo14),
  runner_info: struct({ timeout: int }),
  image: v.nullable(struct(image14)),
  services: list(struct(image14)),
  cache: list(struct(cache14)),
  features: struct({ trace_sections: flag, failure_reasons: texts }),
});

export const GO_19_3 = v.pipe(
  struct({
    ...common,
    job_info: struct(jobInfo19),
    git_info: struct({
      ...gitInfo14,
      repo_object_format: v.picklist(["sha1", "sha256"]),
      protected: v.nullable(flag),
    }),
    runner_info: struct({ timeout: int, uuid: text }),
    image: v.nullable(struct(image19)),
    services: list(struct(image19)),
    cache: list(struct({ ...cache14, fallback_keys: maybe(texts) })),
    features: struct({
      trace_sections: flag,
      token_mask_prefixes: texts,
      failure_reasons: texts,
      tracing: maybe(struct({ trace_id: text })),
    }),
    inputs: maybe(v.array(struct({ key: text, value: struct({ type: text, content: v.unknown() }) }))),
    hooks: maybe(
      v.array(struct({ name: v.picklist(["pre_get_sources_script", "post_get_sources_script"]), script: texts })),
    ),
    // JSON in a string; null reaches its decoder as an empty document.
    run: v.optional(v.pipe(text, v.parseJson(), v.array(v.unknown()))),
    policy_options: maybe(struct({})),
    suspend_options: maybe(struct({})),
  }),
  v.check(({ run, steps }) => run === undefined || steps.every(({ script }) => script.length === 0), "run and script"),
);

export type JobPayload = v.InferOutput<typeof GO_19_3>;

/** What the runners would choke on, as paths of fields; none is well. */
export const defectsOf = (payload: unknown): string[] => {
  const issues = [GO_14_6, GO_19_3].flatMap((schema) => v.safeParse(schema, payload).issues ?? []);
  return [...new Set(issues.map((issue) => v.getDotPath(issue) ?? issue.message))];
};
