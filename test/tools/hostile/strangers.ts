/** Requests of those who have no right to anything: whatever the rest of it is, each must be refused. */
import type { Dice } from "./dice.ts";
import { oddBody } from "./bodies.ts";
import { misplaced } from "./holders.ts";
import type { HostileRequest, Route } from "./request.ts";
import { forged } from "./tokens.ts";
import { madeUpId, METHODS, oddHeaders, oddQuery, TEXTS } from "./values.ts";
import type { World } from "./world.ts";

const TOKEN_HEADERS = ["BUILD-TOKEN", "PRIVATE-TOKEN", "JOB-TOKEN", "RUNNER-TOKEN", "Authorization"];
const TOKEN_PARAMETERS = ["token", "private_token", "access_token", "job_token", "token[]", "token[a]"];

const buildsOf = ({ mine, foreign, finished, others }: World): number[] => [
  mine.build.id,
  foreign.build.id,
  finished,
  ...others,
];

const idIn = (dice: Dice, world: World): string => {
  if (dice.chance(0.4)) return madeUpId(dice);
  const project = dice.one([world.mine.project, world.foreign.project]);
  return String(dice.one([...buildsOf(world), ...world.runnerIds, project.id, encodeURIComponent(project.path)]));
};

export const pathOf = ({ path }: Route, ids: readonly string[]): string => {
  const left = [...ids];
  return path.replaceAll(/:\w+/g, () => left.shift() ?? "");
};

/** May lead to another route, or nowhere. */
const distorted = (dice: Dice, filled: string): string => {
  const at = 1 + dice.number(filled.length);
  return dice.one([
    `${filled}.json`,
    `${filled}/`,
    `/${filled}`,
    `${filled}.json.json`,
    `${filled};x=y`,
    filled.toUpperCase(),
    `${filled}/x`,
    `${filled.slice(0, at)}/`,
    `${filled.slice(0, at)}%00${filled.slice(at)}`,
  ]);
};

/** One request to `route`, or thereabouts. */
export const strangersRequest = (dice: Dice, route: Route, world: World): HostileRequest => {
  const ids = [...route.path.matchAll(/:\w+/g)].map(() => idIn(dice, world));
  const isStraight = dice.chance(0.8);
  const method = dice.chance(0.85) ? route.method : dice.one(METHODS);
  const genuine = isStraight ? misplaced({ ...route, method }, ids, world) : [];
  const path = isStraight ? pathOf(route, ids) : distorted(dice, pathOf(route, ids));
  const worthless = (): string => {
    if (dice.chance(0.35)) return forged(dice, dice.one(Object.values(world.tokens)));
    if (dice.chance(0.5) && genuine.length > 0) return dice.one(genuine);
    return dice.chance(0.8) ? dice.one(world.stale) : dice.one(TEXTS);
  };
  const asHeader = (name: string): [string, string] => [
    name,
    name === "Authorization"
      ? `${dice.one(["Bearer ", "bearer  ", "Basic ", "Token ", ""])}${worthless()}`
      : worthless(),
  ];
  const asParameter = (name: string) => `${encodeURIComponent(name)}=${encodeURIComponent(worthless())}`;
  const query = oddQuery(dice);
  const parameters = dice.some(TOKEN_PARAMETERS, 2).map(asParameter).join("&");
  return {
    method,
    path: `${path}${query}${parameters === "" ? "" : `${query === "" ? "?" : "&"}${parameters}`}`,
    headers: [...dice.some(TOKEN_HEADERS, 2).map(asHeader), ...oddHeaders(dice, 4)],
    body: oddBody(dice, dice.one([worthless(), worthless(), [worthless()], { a: worthless() }, [], null, 0])),
    // The one that anybody may ask.
    mustBeRefused: route.path !== "/-/health",
  };
};
