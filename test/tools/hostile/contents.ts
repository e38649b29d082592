/** What the routes that take content must not take, by method and path. */

export const LONG = "x".repeat(3000);
const WRONG_TAGS = [Array.from({ length: 51 }, (_, at) => `tag${at}`), [{}], { a: 1 }, LONG];
const WRONG_FLAG = [2, -1, "maybe", "", {}, []];
const WRONG_LINE = ["", "a\nb", "a\u0000b", LONG, {}, []];
const WRONG_SECONDS = [0, -1, 1.5, 1e99, 31 * 86_400, "soon", "", {}, []];

type WrongFields = Readonly<Record<string, readonly unknown[]>>;

const PROJECT: WrongFields = {
  name: WRONG_LINE,
  path: ["..", "a//b", "/a", "a b", "a/b.git", "é", "a/".repeat(30), {}, []],
  description: [5, {}, LONG],
  repo_url: ["a b", "http://[", "a\u0000", LONG, 5, {}],
  default_branch: WRONG_LINE,
  visibility: ["secret", "", 1, {}, []],
  build_timeout: WRONG_SECONDS,
  shared_runners_enabled: WRONG_FLAG,
};

const JOB: WrongFields = {
  name: WRONG_LINE,
  stage: WRONG_LINE,
  ref: WRONG_LINE,
  sha: ["", "123", "not hex, not at all", "0".repeat(65), 12_345_678, {}],
  before_sha: ["x", {}],
  tag: WRONG_FLAG,
  script: ["", [], [" "], {}, [{}], [[]]],
  before_script: [{}, [{}]],
  image: ["", [], { name: "" }, { alias: "x" }, { name: "x", entrypoint: {} }],
  services: ["x", {}, [{}], [""]],
  variables: [
    "x",
    5,
    [5],
    [{ key: "a-b" }],
    { "a b": 1 },
    { a: { value: {} } },
    { a: { masked: "maybe" } },
    { "": "x" },
  ],
  artifacts: ["x", [], { when: "x" }, { expire_in: "soon" }, { reports: { "A B": "x" } }, { paths: {} }],
  cache: [5, "x", [5], { policy: "x" }, { key: {} }],
  tags: WRONG_TAGS,
  timeout: WRONG_SECONDS,
  allow_git_fetch: WRONG_FLAG,
  dependencies: [[0], ["x"], [-1], {}, "x", Array.from({ length: 101 }, (_, at) => at + 1)],
};

const WRONG_SIZE = [-1, 1.5, "x", "", {}, [], 99_000_001, 2 ** 53];

/** What `active` contradicts, when it is there as well, is one of them. */
const RUNNER: WrongFields = {
  description: [LONG, {}, []],
  maintenance_note: [LONG, {}, []],
  paused: [true, ...WRONG_FLAG],
  active: WRONG_FLAG,
  tag_list: WRONG_TAGS,
  run_untagged: WRONG_FLAG,
  locked: WRONG_FLAG,
  access_level: ["", "protected", 5, {}, []],
  maximum_timeout: [599, 0, -1, 1.5, 1e99, "soon", {}, []],
};

/** To the consumer API an empty text is no value of an optional field: it counts as not given. */
const optional = (fields: WrongFields, ...required: readonly string[]): WrongFields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, values]) => [
      name,
      required.includes(name) ? values : values.filter((value) => value !== ""),
    ]),
  );

export interface Content {
  /** Good alone, and to be made worse. */
  readonly fields: object;
  readonly wrong: WrongFields;
}

/** What the routes that take content must not take. */
export const CONTENTS: Readonly<Record<string, Content>> = {
  "POST /api/v4/projects": { fields: { name: "hostile" }, wrong: optional(PROJECT) },
  "PUT /api/v4/projects/:id": { fields: {}, wrong: optional(PROJECT) },
  "POST /api/v4/projects/:id/jobs": {
    fields: { name: "hostile", script: ["true"] },
    wrong: optional(JOB, "name", "script"),
  },
  "POST /api/v4/projects/:id/jobs/:job_id/cancel": { fields: {}, wrong: optional({ force: WRONG_FLAG }) },
  "PUT /api/v4/runners/:id": { fields: { active: true }, wrong: optional(RUNNER) },
  "POST /api/v4/user/runners": {
    fields: { runner_type: "instance_type", active: true },
    wrong: { ...optional(RUNNER), runner_type: ["", "x", 5, {}, []] },
  },
  "POST /api/v4/runners": { fields: { active: true }, wrong: { ...RUNNER, run_untagged: [false, ...WRONG_FLAG] } },
  "POST /api/v4/runners/verify": { fields: {}, wrong: { token: [{}, []], system_id: [LONG, {}, []] } },
  "DELETE /api/v4/runners/managers": { fields: {}, wrong: { system_id: ["", "s_unknown", LONG, {}, []] } },
  "POST /api/v4/jobs/request": {
    fields: {},
    wrong: { last_update: [{}, []], token: [{}, []], system_id: [LONG, {}, []] },
  },
  "PUT /api/v4/jobs/:id": {
    fields: { state: "failed" },
    wrong: {
      token: [{}, []],
      state: [{}, []],
      failure_reason: [{}, []],
      checksum: [{}, []],
      output: ["x", 5, { checksum: {} }, { bytesize: -1 }, { bytesize: "many" }, { bytesize: 0.5 }],
    },
  },
  "POST /api/v4/jobs/:id/artifacts/authorize": { fields: {}, wrong: { filesize: WRONG_SIZE } },
  "POST /ci/api/v1/runners/register": {
    fields: {},
    wrong: {
      description: [LONG, {}, []],
      tag_list: WRONG_TAGS,
      run_untagged: [false, ...WRONG_FLAG],
      locked: WRONG_FLAG,
    },
  },
  "POST /ci/api/v1/builds/register": { fields: {}, wrong: { last_update: [{}, []], token: [{}, []] } },
  "PUT /ci/api/v1/builds/:id": { fields: { state: "failed" }, wrong: { state: [{}, []], trace: [{}, [], 5, true] } },
  "POST /ci/api/v1/builds/:id/artifacts/authorize": { fields: {}, wrong: { filesize: WRONG_SIZE } },
};
