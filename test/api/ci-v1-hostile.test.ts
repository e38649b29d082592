import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tokenKeys } from "../../src/settings.ts";
import type { TokenClaims } from "../../src/core/tokens.ts";
import { buildStub, DEFAULT_QUEUE } from "../../src/stubs.ts";
import { file, refusalOf, upload } from "../tools/clients/legacy-artifacts.ts";
import type { RunningBuild } from "../tools/clients/legacy-api.ts";
import {
  call,
  claim,
  enqueue,
  legacy,
  patch,
  REGISTRATION_TOKEN,
  runnersToken,
  runningBuild,
} from "../tools/clients/legacy-api.ts";
import { altered } from "../tools/hostile/tokens.ts";
import { NO_IDS } from "../tools/hostile/values.ts";
import type { LegacyBuild } from "../tools/clients/legacy-build.ts";
import { BUILD_ROUTES, everything, ROUTES } from "../tools/clients/legacy-routes.ts";

/** A build with a trace and an archive, the tokens that are good for it, and those that are good for others. */
let mine: RunningBuild;
let foreign: RunningBuild;
/** One build, claimed twice. */
let lost: LegacyBuild;
let again: LegacyBuild;
let tokens: Record<"project" | "runner" | "build" | "download", string>;
let before: object;

const signed = async (claims: TokenClaims): Promise<string> => tokenKeys(env).sign(claims);

const state = () => everything([mine.build.id, foreign.build.id]);

beforeAll(async () => {
  mine = await runningBuild();
  foreign = await runningBuild();
  for (const { build } of [mine, foreign]) {
    await patch(build, 0, "hello");
    await upload(build, [file("mine")]);
  }
  await enqueue(foreign.project, { dependencies: [foreign.build.id] });
  const download = (await claim(foreign.runner)).depends_on_builds[0]?.token ?? "";
  tokens = {
    project: await runnersToken(mine.project),
    runner: mine.runner.token,
    build: mine.build.token,
    download,
  };
  const twice = await runningBuild();
  lost = twice.build;
  await buildStub(env, lost.id).release(1);
  again = await claim(twice.runner);
  before = await state();
});

afterAll(async () => {
  expect(await state()).toEqual(before);
});

const asked = async (ask: () => Promise<Response>) => {
  const { status, ...body } = (await refusalOf(await ask())) as { status: number };
  expect(JSON.stringify(body)).not.toMatch(/ at |\.ts|Error:/);
  return status;
};

describe.each(ROUTES)("$name", ({ holder, ask }) => {
  test("refuses a token that is forged, cut short or altered", async () => {
    for (const token of altered(tokens[holder])) {
      expect(await asked(() => ask(mine.build.id, token)), token).toBe(403);
    }
  });

  test("refuses genuine tokens of another kind, by which nothing is found", async () => {
    const others = Object.entries({ ...tokens, registration: REGISTRATION_TOKEN, admin: "test-admin-token" });
    for (const [kind, token] of others) {
      const isGood =
        kind === holder ||
        (holder === "build" && kind === "project") ||
        (holder === "project" && kind === "registration");
      if (!isGood) expect(await asked(() => ask(mine.build.id, token)), kind).toBe(403);
    }
  });

  test("refuses tokens of an epoch or attempt that is not the present one", async () => {
    const { id: projectId } = mine.project;
    const queue = DEFAULT_QUEUE;
    const stale: Record<typeof holder, TokenClaims[]> = {
      project: [0, 2].map((epoch) => ({ kind: "project", queue, id: projectId, epoch })),
      runner: [0, 2].map((epoch) => ({ kind: "runner", queue, id: 1, epoch, prefix: "" })),
      build: [0, 2].map((attempt) => ({ kind: "build", queue, id: mine.build.id, attempt })),
    };
    for (const claims of stale[holder]) {
      expect(await asked(async () => ask(mine.build.id, await signed(claims))), JSON.stringify(claims)).toBe(403);
    }
  });
});

describe.each(BUILD_ROUTES)("$name", ({ holder, ask }) => {
  test("finds nothing under what is no build's number", async () => {
    for (const id of NO_IDS) {
      const token = holder === "runner" ? tokens.runner : tokens.project;
      expect(await asked(() => ask(id, token)), id).toBe(404);
    }
  });

  test("refuses made-up numbers, and the numbers of others, without making an object", async () => {
    const other = await runnersToken(foreign.project);
    for (const id of [77_777, 999_999, 999_999_999_999_999]) {
      expect(await asked(() => ask(id, "forged"))).toBe(403);
      expect(await asked(() => ask(id, tokens[holder]))).toBe(holder === "runner" ? 404 : 403);
      if (holder === "build") expect(await asked(() => ask(id, tokens.project))).toBe(404);
    }
    expect(await asked(() => ask(foreign.build.id, tokens[holder]))).toBe(holder === "runner" ? 404 : 403);
    expect(
      await asked(() => ask(mine.build.id, holder === "runner" ? foreign.runner.token : foreign.build.token)),
    ).toBe(holder === "runner" ? 404 : 403);
    if (holder === "build") expect(await asked(() => ask(mine.build.id, other))).toBe(404);
  });
});

test("a token of an attempt whose claim was lost is refused, that of the next one taken", async () => {
  for (const { name, holder, ask } of BUILD_ROUTES) {
    if (holder === "build") expect(await asked(() => ask(again.id, lost.token)), name).toBe(403);
  }
  expect(again.id).toBe(lost.id);
  expect((await patch(again, 0, "hello")).status).toBe(202);
});

describe("paths and methods", () => {
  const PATHS: readonly (readonly [path: string, allowed: readonly string[]])[] = [
    ["/runners/register", ["POST"]],
    ["/runners/register.json", ["POST"]],
    ["/runners/delete", ["DELETE"]],
    ["/builds/register", ["POST", "PUT"]],
    ["/builds/1", ["PUT"]],
    ["/builds/1/trace.txt", ["PATCH"]],
    ["/builds/1/artifacts/authorize", ["POST"]],
    ["/builds/1/artifacts", ["DELETE", "GET", "HEAD", "POST"]],
  ];

  test.each(PATHS)("%s takes nothing but %j", async (path, allowed) => {
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      if (allowed.includes(method)) continue;
      const response = await legacy(method, path);
      expect({ method, ...(await refusalOf(response)) }).toEqual({ method, status: 405, error: "405 Not Allowed" });
      expect(response.headers.get("Allow")).toBe(allowed.join(", "));
    }
  });

  test.each([
    "",
    "/",
    "/runners",
    "/builds/1/trace",
    "/builds/1/artifacts/x",
    "/builds//artifacts",
    "/runners/register/x",
    "/x",
  ])("%j is not found", async (path) => {
    for (const method of ["GET", "POST", "PUT", "DELETE"]) {
      expect(await refusalOf(await legacy(method, path))).toEqual({ status: 404, error: "404 Not Found" });
    }
  });

  test.each(["/ci", "/ci/api/v2/builds/register", "/ci/ci/api/v1/builds/register"])("%s is not found", async (path) => {
    expect((await call("POST", path, { json: { token: tokens.runner } })).status).toBe(404);
  });
});
