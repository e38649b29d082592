/** Requests with a token that is good, and with something else in them that must be refused; and reads of all kinds. */
import { file } from "../legacy-artifacts.ts";
import { form } from "../../artifacts/multipart.ts";
import { BROKEN, oddBody } from "./bodies.ts";
import type { Body } from "./bodies.ts";
import type { Dice } from "./dice.ts";
import type { HostileRequest } from "./request.ts";
import { pathOf } from "./strangers.ts";
import type { Route } from "./strangers.ts";
import { madeUpId, oddHeaders, oddQuery, RANGES } from "./values.ts";
import { TRACE_BYTES } from "./world.ts";
import type { World } from "./world.ts";

const LONG = "x".repeat(3000);
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

interface Content {
  /** Good alone, and to be made worse. */
  readonly fields: object;
  readonly wrong: WrongFields;
}

/** What the routes that take content must not take. */
const CONTENTS: Readonly<Record<string, Content>> = {
  "POST /api/v4/projects": { fields: { name: "hostile" }, wrong: PROJECT },
  "PUT /api/v4/projects/:id": { fields: {}, wrong: PROJECT },
  "POST /api/v4/projects/:id/jobs": { fields: { name: "hostile", script: ["true"] }, wrong: JOB },
  "POST /api/v4/projects/:id/jobs/:job_id/cancel": { fields: {}, wrong: { force: WRONG_FLAG } },
  "PUT /api/v4/runners/:id": {
    fields: {},
    wrong: {
      description: [LONG, {}, []],
      paused: WRONG_FLAG,
      active: WRONG_FLAG,
      tag_list: WRONG_TAGS,
      locked: WRONG_FLAG,
    },
  },
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
  "POST /ci/api/v1/builds/:id/artifacts/authorize": {
    fields: {},
    wrong: { filesize: [-1, 1.5, "x", "", {}, [], 99_000_001, 2 ** 53] },
  },
};

/** The routes of `CONTENTS` that there are none of: each is a route that was renamed. */
export const staleContents = (routes: readonly Route[]): string[] => {
  const known = new Set(routes.map(({ method, path }) => `${method} ${path}`));
  return Object.keys(CONTENTS).filter((name) => !known.has(name));
};

const tokenFor = ({ method, path }: Route, { tokens }: World): string => {
  if (path === "/ci/api/v1/runners/register") return tokens.registration;
  const isRunners = path === "/ci/api/v1/runners/delete" || path === "/ci/api/v1/builds/register" || method === "PUT";
  return isRunners ? tokens.runner : tokens.build;
};

/** With whatever token the route takes. */
const asker = (route: Route, world: World) => {
  if (!route.path.startsWith("/ci/")) return { query: "", headers: [["PRIVATE-TOKEN", world.tokens.admin]] as const };
  const token = tokenFor(route, world);
  return { query: `token=${token}`, headers: [["BUILD-TOKEN", token]] as const };
};

const realIds = ({ path }: Route, { mine, runnerIds }: World): string[] => {
  if (path.includes("/projects/")) return [mine.project.id, mine.build.id].map(String);
  return [String(path.includes("/runners/") ? runnerIds[0] : mine.build.id)];
};

const wrongContent = (dice: Dice, { fields, wrong }: Content): Body => {
  if (dice.chance(0.2)) return dice.one(BROKEN);
  const field = dice.one(Object.keys(wrong));
  const text = JSON.stringify({ ...fields, [field]: dice.one(wrong[field] ?? []) });
  return { type: "application/json", bytes: new TextEncoder().encode(text) };
};

const FILE = form(file("hostile"));
const UPLOAD_TYPE = "multipart/form-data; boundary=6841b503debb8e81";

const wrongUpload = (dice: Dice): { readonly query: string; readonly body: Body | null } => {
  const whole = { type: UPLOAD_TYPE, bytes: FILE };
  if (dice.chance(0.2))
    return { query: `&expire_in=${dice.one(["soon", "-1", "0", "1e9", "9999%20years", "%00"])}`, body: whole };
  const damaged: (Body | null)[] = [
    null,
    ...BROKEN,
    { ...whole, bytes: FILE.slice(0, dice.number(FILE.length - 4)) },
    { ...whole, breaksOff: true, bytes: FILE.slice(0, dice.number(FILE.length - 4)) },
    { ...whole, type: dice.one(["", "multipart/form-data", "multipart/form-data; boundary=c", "text/plain"]) },
    { ...whole, bytes: form(file("one"), file("two")) },
    { ...whole, bytes: form(file("one"), { name: "expire_in", content: "soon" }) },
    { ...whole, bytes: form({ name: "expire_in", content: "soon" }, file("one")) },
    { ...whole, bytes: form({ name: "metadata", filename: "m", content: "x" }) },
    {
      ...whole,
      bytes: form(file("one"), ...Array.from({ length: 120 }, (_, at) => ({ name: `f${at}`, content: "" }))),
    },
    { ...whole, bytes: form({ name: "x", content: LONG.repeat(30) }, file("one")) },
  ];
  return { query: "", body: dice.one(damaged) };
};

/** Wherever the trace ends, it isn't there. */
const WRONG_STARTS = RANGES.filter((range) => !/^(bytes )?6(-|$)/.test(range));

/** What can be wrong with a write beside its address; null when it takes nothing that could be. */
const wrongMatter = (
  dice: Dice,
  { method, path }: Route,
): (Partial<HostileRequest> & { readonly query?: string }) | null => {
  const content = CONTENTS[`${method} ${path}`];
  if (content !== undefined) return { body: wrongContent(dice, content) };
  if (path.endsWith("/trace.txt")) {
    const start = dice.chance(0.5) ? dice.one(WRONG_STARTS) : `${TRACE_BYTES + 1 + dice.number(1e9)}-`;
    return { body: oddBody(dice, null), headers: [["Content-Range", start]] };
  }
  return method === "POST" && path.endsWith("/artifacts") ? wrongUpload(dice) : null;
};

/** For a write: to what there isn't, or with content that is wrong. */
const wrongWrite = (dice: Dice, route: Route, world: World): HostileRequest | null => {
  const asked = asker(route, world);
  const ids = realIds(route, world);
  const places = [...route.path.matchAll(/:\w+/g)].length;
  let matter = wrongMatter(dice, route);
  if (places > 0 && (matter === null || dice.chance(0.3))) {
    ids[dice.number(places)] = madeUpId(dice);
    matter = { body: oddBody(dice, tokenFor(route, world)) };
  }
  if (matter === null) return null;
  const { body = null, headers = [], query = "" } = matter;
  return {
    method: route.method,
    path: `${pathOf(route, ids)}?${asked.query}${query}`,
    headers: [...oddHeaders(dice, 1).filter(([name]) => name !== "Content-Range"), ...headers, ...asked.headers],
    body,
    mustBeRefused: true,
  };
};

/** A read may be answered; it changes nothing. */
const anyRead = (dice: Dice, route: Route, world: World): HostileRequest => {
  const { headers } = asker(route, world);
  const ids = realIds(route, world);
  if (dice.chance(0.3)) ids[ids.length - 1] = String(dice.one([world.finished, ...world.others]));
  if (dice.chance(0.3)) ids[dice.number(ids.length)] = madeUpId(dice);
  return {
    method: dice.one(["GET", "GET", "HEAD"]),
    path: `${pathOf(route, ids)}${oddQuery(dice)}`,
    headers: [...oddHeaders(dice, 4), ["Range", dice.one(RANGES)], ...headers],
    body: null,
    mustBeRefused: false,
  };
};

/** Null for a route that takes nothing that could be wrong. */
export const insidersRequest = (dice: Dice, route: Route, world: World): HostileRequest | null =>
  route.method === "GET" ? anyRead(dice, route, world) : wrongWrite(dice, route, world);
