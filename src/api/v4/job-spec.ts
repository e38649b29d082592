/** What `POST /projects/:id/jobs` takes, and what the core makes of it. */
import * as v from "valibot";
import { NO_COMMIT } from "../../core/build/asked-spec.ts";
import type { AskedSpec } from "../../core/build/asked-spec.ts";
import { accept } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import type { Variable } from "../../core/build/spec.ts";
import { looseBoolean, looseInteger, looseString, tagList } from "../../http/loose.ts";
import { exactLine, isRecord, line, NOT_IN_LIST, record, variableKey } from "./form.ts";
import { jobKeywords } from "./job-keywords.ts";

const MAX_DEPENDENCIES = 100;

/** Runners cut the first eight characters off and crash on fewer. */
const commit = v.pipe(v.string(), v.regex(/^[0-9a-f]{8,64}$/i));

const variableFields = {
  value: v.optional(looseString, ""),
  public: v.optional(looseBoolean),
  masked: v.optional(looseBoolean, false),
  file: v.optional(looseBoolean, false),
  raw: v.optional(looseBoolean, false),
  // As a pipeline's file says it.
  expand: v.optional(looseBoolean, true),
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
  raw: asked.raw || !asked.expand,
});

/** Null is not given; as the value of a variable that is the empty text. */
const given = (asked: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(asked).filter(([, member]) => member !== null));

const listed = v.object({ key: variableKey, ...variableFields });

const variableList = v.pipe(
  v.array(v.pipe(record, v.transform(given))),
  v.array(listed),
  v.transform((list) => list.map(({ key, ...asked }) => variable(key, asked))),
);
const variableMap = v.pipe(
  record,
  v.transform((map): Record<string, unknown>[] =>
    Object.entries(map).map(([key, asked]) => (isRecord(asked) ? { ...asked, key } : { key, value: asked ?? "" })),
  ),
  variableList,
);

/** What a job by itself has of its own; what it shares with the jobs of a pipeline's file is read by `jobKeywords`. */
export const jobForm = v.looseObject({
  name: line,
  stage: v.optional(line, "test"),
  ref: v.optional(exactLine),
  sha: v.optional(commit),
  before_sha: v.optional(commit, NO_COMMIT),
  tag: v.optional(looseBoolean, false),
  protected: v.optional(looseBoolean, false),
  variables: v.optional(
    v.lazy((input) => (Array.isArray(input) ? variableList : variableMap)),
    [],
  ),
  tags: v.optional(tagList, []),
  allow_git_fetch: v.optional(looseBoolean),
  dependencies: v.optional(v.pipe(v.array(v.pipe(looseInteger, v.minValue(1))), v.maxLength(MAX_DEPENDENCIES)), []),
});

/** What the request leaves open is null. Errors: `invalid`. */
export const askedSpec = (job: v.InferOutput<typeof jobForm>): Outcome<AskedSpec> => {
  const keywords = jobKeywords(job);
  if (!keywords.ok) return keywords;
  return accept({
    name: job.name,
    stage: job.stage,
    ref: job.ref ?? null,
    sha: job.sha ?? null,
    beforeSha: job.before_sha,
    tag: job.tag,
    refProtected: job.protected,
    variables: job.variables,
    tags: job.tags,
    allowGitFetch: job.allow_git_fetch ?? null,
    dependencies: job.dependencies,
    ...keywords.value,
  });
};
