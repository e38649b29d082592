/** Requests with a token that is good, and with something else in them that must be refused; and reads of all kinds. */
import { file } from "../clients/legacy-artifacts.ts";
import { form } from "../clients/multipart.ts";
import { BROKEN, oddBody } from "./bodies.ts";
import type { Body } from "./bodies.ts";
import { CONTENTS, LONG } from "./contents.ts";
import type { Content } from "./contents.ts";
import type { Dice } from "./dice.ts";
import { asker } from "./holders.ts";
import type { HostileRequest } from "./request.ts";
import { pathOf } from "./strangers.ts";
import type { Route } from "./request.ts";
import { madeUpId, oddHeaders, oddQuery, RANGES } from "./values.ts";
import { TRACE_BYTES } from "./world.ts";
import type { World } from "./world.ts";

/** The routes of `CONTENTS` that there are none of: each is a route that was renamed. */
export const staleContents = (routes: readonly Route[]): string[] => {
  const known = new Set(routes.map(({ method, path }) => `${method} ${path}`));
  return Object.keys(CONTENTS).filter((name) => !known.has(name));
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

/** Of today's dialect alone. */
const WRONG_KINDS = [
  "artifact_type=virus",
  "artifact_type=junit",
  "artifact_type=junit&artifact_format=raw",
  "artifact_type=trace&artifact_format=raw",
  "artifact_format=gzip",
  "artifact_type=dotenv&artifact_format=gzip",
  "artifact_type=__proto__&artifact_format=raw",
  "artifact_type[]=archive",
];

const wrongUpload = (dice: Dice, { path }: Route): { readonly query: string; readonly body: Body | null } => {
  const whole = { type: UPLOAD_TYPE, bytes: FILE };
  if (path.startsWith("/api/v4/") && dice.chance(0.3)) return { query: `&${dice.one(WRONG_KINDS)}`, body: whole };
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
const wrongMatter = (dice: Dice, route: Route): (Partial<HostileRequest> & { readonly query?: string }) | null => {
  const { method, path } = route;
  const content = CONTENTS[`${method} ${path}`];
  if (content !== undefined) return { body: wrongContent(dice, content) };
  if (method === "PATCH") {
    const start = dice.chance(0.5) ? dice.one(WRONG_STARTS) : `${TRACE_BYTES + 1 + dice.number(1e9)}-`;
    return { body: oddBody(dice, null), headers: [["Content-Range", start]] };
  }
  return method === "POST" && path.endsWith("/artifacts") ? wrongUpload(dice, route) : null;
};

/** For a write: to what there isn't, or with content that is wrong. */
const wrongWrite = (dice: Dice, route: Route, world: World): HostileRequest | null => {
  const asked = asker(route, world);
  const ids = realIds(route, world);
  const places = [...route.path.matchAll(/:\w+/g)].length;
  let matter = wrongMatter(dice, route);
  if (places > 0 && (matter === null || dice.chance(0.3))) {
    const id = madeUpId(dice);
    // Whoever climbs out of a path asks for another one, which there may be.
    ids[dice.number(places)] = id === "%2e%2e" ? "-1" : id;
    matter = { body: oddBody(dice, asked.token) };
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
