/** What `POST /projects/:id/jobs` takes, and what the core makes of it. */
import * as v from "valibot";
import { NO_COMMIT } from "../../core/build/asked-spec.ts";
import type { AskedSpec } from "../../core/build/asked-spec.ts";
import type { Variable } from "../../core/build/spec.ts";
import { looseBoolean, looseInteger, looseString, tagList } from "../../http/loose.ts";
import { artifacts, when } from "./artifacts-form.ts";
import { exactLine, isRecord, line, MAX_TIMEOUT_SECONDS, NOT_IN_LIST, record, texts, variableKey } from "./form.ts";
import { image } from "./image-form.ts";

const MAX_DEPENDENCIES = 100;
/** As GitLab has it. */
const MAX_CACHES = 4;

/** Runners cut the first eight characters off and crash on fewer. */
const commit = v.pipe(v.string(), v.regex(/^[0-9a-f]{8,64}$/i));

const script = v.pipe(
  texts,
  v.check((lines) => lines.some((each) => each.trim() !== "")),
);

const variableFields = {
  value: v.optional(looseString, ""),
  public: v.optional(looseBoolean),
  masked: v.optional(looseBoolean, false),
  file: v.optional(looseBoolean, false),
  raw: v.optional(looseBoolean, false),
  variable_type: v.optional(v.picklist(["env_var", "file"], NOT_IN_LIST), "env_var"),
};
type VariableFields = Omit<v.InferOutput<v.ObjectSchema<typeof variableFields, undefined>>, "key">;

/** A masked value is a secret: it isn't public unless the request says so. */
const variable = (key: string, asked: VariableFields): Variable => ({
  key,
  value: asked.value,
  public: asked.public ?? !asked.masked,
  masked: asked.masked,
  file: asked.file || asked.variable_type === "file",
  raw: asked.raw,
});

const variableList = v.pipe(
  v.array(v.object({ key: variableKey, ...variableFields })),
  v.transform((list) => list.map(({ key, ...asked }) => variable(key, asked))),
);
const variableMap = v.pipe(
  record,
  v.transform((map) =>
    Object.entries(map).map(([key, asked]) => (isRecord(asked) ? { ...asked, key } : { key, value: asked })),
  ),
  variableList,
);

const cacheFields = v.object({
  key: v.exactOptional(line),
  untracked: v.exactOptional(looseBoolean),
  paths: v.exactOptional(texts),
  policy: v.exactOptional(v.picklist(["pull-push", "pull", "push"], NOT_IN_LIST)),
  when,
  fallback_keys: v.exactOptional(texts),
});
const cache = v.pipe(
  cacheFields,
  v.transform(({ fallback_keys: fallbackKeys, ...rest }) =>
    fallbackKeys === undefined ? rest : { ...rest, fallbackKeys },
  ),
);
const oneCache = v.pipe(
  cache,
  v.transform((one) => [one]),
);

export const jobForm = v.object({
  name: line,
  stage: v.optional(line, "test"),
  ref: v.optional(exactLine),
  sha: v.optional(commit),
  before_sha: v.optional(commit, NO_COMMIT),
  tag: v.optional(looseBoolean, false),
  protected: v.optional(looseBoolean, false),
  script,
  before_script: v.optional(texts, []),
  after_script: v.optional(texts, []),
  hooks: v.optional(v.pipe(record, v.object({ pre_get_sources_script: v.optional(texts, []) }))),
  image: v.optional(image),
  services: v.optional(v.array(image), []),
  variables: v.optional(
    v.lazy((input) => (Array.isArray(input) ? variableList : variableMap)),
    [],
  ),
  artifacts: v.optional(artifacts),
  cache: v.optional(
    v.lazy((input) => (isRecord(input) ? oneCache : v.pipe(v.array(cache), v.maxLength(MAX_CACHES)))),
    [],
  ),
  tags: v.optional(tagList, []),
  timeout: v.optional(v.pipe(looseInteger, v.minValue(1), v.maxValue(MAX_TIMEOUT_SECONDS))),
  allow_git_fetch: v.optional(looseBoolean),
  dependencies: v.optional(v.pipe(v.array(v.pipe(looseInteger, v.minValue(1))), v.maxLength(MAX_DEPENDENCIES)), []),
});

/** What the form leaves open is null. */
export const askedSpec = (job: v.InferOutput<typeof jobForm>): AskedSpec => ({
  name: job.name,
  stage: job.stage,
  ref: job.ref ?? null,
  sha: job.sha ?? null,
  beforeSha: job.before_sha,
  tag: job.tag,
  refProtected: job.protected,
  beforeScript: job.before_script,
  script: job.script,
  afterScript: job.after_script,
  preGetSourcesScript: job.hooks?.pre_get_sources_script ?? [],
  image: job.image ?? null,
  services: job.services,
  variables: job.variables,
  artifacts: job.artifacts ?? null,
  cache: job.cache,
  tags: job.tags,
  timeoutSeconds: job.timeout ?? null,
  allowGitFetch: job.allow_git_fetch ?? null,
  dependencies: job.dependencies,
});
