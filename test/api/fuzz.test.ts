/**
 * Hostile requests to every route that the app has: no 5xx, no word from the inside, no object made, nothing changed.
 *
 * A failure names the seed and the requests; `FUZZ_SEED=<seed> npx vitest run --project workers test/api/fuzz.test.ts`
 * sends the same ones again, and `FUZZ_REQUESTS=<number>` more of them.
 */
import { env } from "cloudflare:workers";
import { expect, inject, test } from "vitest";
import { namesAlone } from "../../src/http/route.ts";
import { app } from "../../src/app.ts";
import { Dice } from "../tools/hostile/dice.ts";
import { staleHolders } from "../tools/hostile/holders.ts";
import { insidersRequest, staleContents } from "../tools/hostile/insiders.ts";
import { told, toRequest } from "../tools/hostile/request.ts";
import type { HostileRequest } from "../tools/hostile/request.ts";
import { strangersRequest } from "../tools/hostile/strangers.ts";
import type { Route } from "../tools/hostile/request.ts";
import { newWorld } from "../tools/hostile/world.ts";
import type { World } from "../tools/hostile/world.ts";
import { stored } from "../tools/objects/stored.ts";

declare module "vitest" {
  interface ProvidedContext {
    readonly fuzz: { readonly seed: number; readonly requests: number };
  }
}

const { seed, requests } = inject("fuzz");
const BATCH = 500;

/** Whatever new routes there are. */
const ROUTES: readonly Route[] = app.routes
  .filter(({ method }) => method !== "ALL")
  .map((route) => ({ ...route, path: namesAlone(route.path) }));

/** The same one for the same seed and number: each route has its turn. */
const requestOf = (world: World, number: number): HostileRequest => {
  const dice = new Dice(seed + number * 7919);
  const route = ROUTES[number % ROUTES.length] as Route;
  const insiders = dice.chance(0.4) ? insidersRequest(dice, route, world) : null;
  return insiders ?? strangersRequest(dice, route, world);
};

const INSIDE = /\bat \S+:\d+|\.ts\b|Error\b|SQLITE|node_modules|\[object |\bundefined\b/;

/** What is wrong with an answer; null when it is as it should be. */
const defectOf = async (
  request: HostileRequest,
  response: Response,
  secrets: readonly string[],
): Promise<string | null> => {
  const { status, headers } = response;
  const bytes = await response.arrayBuffer();
  const text = new TextDecoder().decode(bytes);
  // There is no job router, which only a runner is told.
  const isNotOffered = status === 501 && request.path.startsWith("/api/v4/runners/router/discovery");
  if (status >= 500 && !isNotOffered) return `${status} ${text}`;
  const declared = headers.get("Content-Length");
  if (declared !== null && request.method !== "HEAD" && Number(declared) !== bytes.byteLength) return "incomplete";
  if (status < 400) {
    // What a browser asks before a page's request tells nothing and does nothing.
    const isPreflight = request.method === "OPTIONS" && headers.has("Access-Control-Allow-Methods");
    return request.mustBeRefused && !isPreflight ? `not refused: ${status} ${text}` : null;
  }
  if (INSIDE.test(text)) return `tells of the inside: ${text}`;
  if (secrets.some((secret) => text.includes(secret))) return `tells a secret: ${text}`;
  if (request.method === "HEAD" || (status === 416 && text === "")) return null;
  const names = headers.get("Content-Type")?.startsWith("application/json") ? Object.keys(JSON.parse(text)) : [];
  const isWorded = ["message", "error", "error,message"].includes(names.toSorted().join(","));
  return isWorded ? null : `not the dialect's: ${text}`;
};

const statuses = new Map<number, number>();

const send = async (world: World, number: number): Promise<void> => {
  const request = requestOf(world, number);
  const response = await app.fetch(toRequest(request), env);
  statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
  const defect = await defectOf(request, response, Object.values(world.tokens));
  if (defect !== null) throw new Error(`request ${number} of seed ${seed}: ${defect}\n${told(request)}`);
};

const difference = (before: readonly string[], after: readonly string[]): string[] => [
  ...before.filter((line) => !after.includes(line)).map((line) => `- ${line.slice(0, 500)}`),
  ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line.slice(0, 500)}`),
];

/** Sends a batch that did harm again, to a world that is whole, one by one. */
const culpritOf = async (from: number, until: number): Promise<string> => {
  const world = await newWorld();
  let before = await stored();
  for (let number = from; number < until; number++) {
    await send(world, number);
    const after = await stored();
    const harm = difference(before, after);
    if (harm.length > 0) return `request ${number}:\n${told(requestOf(world, number))}\n${harm.join("\n")}`;
    before = after;
  }
  return `no single one of the requests ${from} to ${until}`;
};

test("the routes that the generator knows of are there", () => {
  expect([...staleContents(ROUTES), ...staleHolders(ROUTES)]).toEqual([]);
});

test("hostile requests to every route are refused with words, make no object and change nothing", async () => {
  const world = await newWorld();
  await stored();
  const before = await stored();
  for (let from = 0; from < requests; from += BATCH) {
    const until = Math.min(from + BATCH, requests);
    for (let number = from; number < until; number++) await send(world, number);
    const harm = difference(before, await stored());
    if (harm.length > 0)
      expect.fail(`seed ${seed} has changed\n${harm.join("\n")}\nby ${await culpritOf(from, until)}`);
  }
  // It came everywhere: past the tokens, and to what is judged behind them.
  expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 206, 400, 401, 403, 404, 405, 413, 416]));
}, 600_000);
