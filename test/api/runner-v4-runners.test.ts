import { allMachines, allRunners } from "../tools/objects/runners-stored.ts";
import { evictDurableObject, listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import type { RunnerSummary } from "../../src/core/runner/runner.ts";
import { buildStub, queueStub } from "../../src/stubs.ts";
import { call, enqueue, newProject, REGISTRATION_TOKEN, runnersToken, valueOf } from "../tools/clients/legacy-api.ts";
import { poll } from "../tools/objects/objects.ts";

interface Registered {
  readonly id: number;
  readonly token: string;
  readonly token_expires_at: null;
}

type Sent = Parameters<typeof call>[2];

const modern = (method: string, path: string, sent: Sent = {}) => call(method, `/api/v4${path}`, sent);

/** Status and body of an answer; null for a body that is empty. */
const answer = async (method: string, path: string, sent: Sent = {}): Promise<[number, unknown]> => {
  const response = await modern(method, path, sent);
  const text = await response.text();
  return [response.status, text === "" ? null : JSON.parse(text)];
};

const register = async (json: object = {}): Promise<Registered> => {
  const response = await modern("POST", "/runners", { json: { token: REGISTRATION_TOKEN, ...json } });
  expect(response.status).toBe(201);
  return response.json<Registered>();
};

const summaryOf = async (id: number): Promise<RunnerSummary> => valueOf(await queueStub(env).runner(id));
const managersOf = allMachines;

const verify = (json: object, headers: Record<string, string> = {}) =>
  modern("POST", "/runners/verify", { json, headers });
const isGood = async (token: string): Promise<boolean> => (await verify({ token })).status === 200;

const INVALID_TOKEN = { message: "403 Forbidden - invalid token supplied" };
const bad = (text: string) => ({ error: text, message: text });
const NO_TOKEN = bad("token is missing");
const FORGED = `glrt-${"A".repeat(32)}r_default_1_1_abcd`;

const multipart = (fields: Record<string, string>): FormData => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
};

describe("POST /runners", () => {
  const fields = {
    token: REGISTRATION_TOKEN,
    description: "edge-1",
    maintenance_note: "rack 7",
    tag_list: "shell, linux,,shell",
    run_untagged: "0",
    locked: "1",
    access_level: "ref_protected",
    maximum_timeout: "3600",
    paused: "true",
  };
  const form = new URLSearchParams({ ...fields, "info[version]": "14.6.0", "info[features][trace_reset]": "true" });

  test.each<[string, string, Sent]>([
    ["JSON", "", { json: { ...fields, info: { version: "14.6.0", features: { trace_reset: true } } } }],
    ["a form", "", { body: form }],
    ["multipart", "", { body: multipart(Object.fromEntries(form)) }],
    ["the query", `?${form.toString()}`, {}],
    ["JSON with .json in the path", ".json", { json: { ...fields, tag_list: ["shell", "linux"] } }],
  ])("takes all that a runner may set from %s", async (_where, suffix, sent) => {
    const response = await modern("POST", `/runners${suffix}`, sent);
    expect(response.status).toBe(201);
    expect(response.headers.get("Content-Type")).toMatch(/^application\/json/);
    const { id } = await response.json<Registered>();
    expect(await summaryOf(id)).toMatchObject({
      description: "edge-1",
      maintenanceNote: "rack 7",
      tags: ["shell", "linux"],
      runUntagged: false,
      locked: true,
      accessLevel: "ref_protected",
      maximumTimeoutSeconds: 3600,
      paused: true,
      projects: null,
    });
  });

  test("answers with a token that is good from then on, and says that it doesn't expire", async () => {
    const registered = await register({ info: { version: "14.6.0", config: { gpus: "all" } } });
    expect(registered).toEqual({
      id: expect.any(Number),
      token: expect.stringMatching(/^(?!glrt-)[\w-]+$/),
      token_expires_at: null,
    });
    expect(await isGood(registered.token)).toBe(true);
    expect((await summaryOf(registered.id)).info).toEqual({ version: "14.6.0", gpus: "all" });
  });

  test("with a project's token makes a runner of that project", async () => {
    const project = await newProject();
    const { id } = await register({ token: await runnersToken(project) });
    expect((await summaryOf(id)).projects).toEqual([project.id]);
  });

  test("takes the older names: active for the opposite of paused, maintainer_note", async () => {
    const { id } = await register({ active: false, maintainer_note: "x", maximum_timeout: null, tag_list: null });
    expect(await summaryOf(id)).toMatchObject({ paused: true, maintenanceNote: "x", maximumTimeoutSeconds: null });
    expect((await summaryOf((await register({ active: true })).id)).paused).toBe(false);
  });

  const tags = Array.from({ length: 51 }, (_, at) => `t${at}`);
  test.each<[string, object, number, unknown]>([
    ["no token", { token: null }, 400, NO_TOKEN],
    ["an unknown token", { token: "x" }, 403, INVALID_TOKEN],
    ["an empty token", { token: "" }, 403, INVALID_TOKEN],
    ["active and paused at once", { active: true, paused: true }, 400, bad("active, paused are mutually exclusive")],
    ["more than 50 tags", { tag_list: tags }, 400, { message: { tags_list: ["has more than 50 tags"] } }],
    [
      "a runner that could take nothing",
      { run_untagged: false },
      400,
      { message: { tags_list: ["can not be empty when runner is not allowed to pick untagged jobs"] } },
    ],
    [
      "a timeout of less than ten minutes",
      { maximum_timeout: 599 },
      400,
      { message: { maximum_timeout: ["needs to be at least 10 minutes"] } },
    ],
    ["a timeout that is none", { maximum_timeout: "soon" }, 400, { message: { maximum_timeout: ["is invalid"] } }],
    [
      "a note of more than 1024 characters",
      { maintenance_note: "x".repeat(1025) },
      400,
      { message: { maintainer_note: ["is too long (maximum is 1024 characters)"] } },
    ],
    ["another access level", { access_level: "all" }, 400, bad("access_level does not have a valid value")],
    ["a switch that is neither on nor off", { locked: "maybe" }, 400, bad("locked is invalid")],
  ])("refuses %s and registers nothing", async (_what, json, status, body) => {
    const before = (await allRunners()).length;
    const sent = { json: { token: REGISTRATION_TOKEN, ...json } };
    expect(await answer("POST", "/runners", sent)).toEqual([status, body]);
    expect((await allRunners()).length).toBe(before);
  });

  test("refuses a body that isn't what it says", async () => {
    const headers = { "Content-Type": "application/json" };
    expect(await answer("POST", "/runners", { body: "{", headers })).toEqual([400, bad("the body is not valid JSON")]);
  });
});

describe("POST /runners/verify", () => {
  test("answers with the runner's number and the token as it was given, in the body or as a header", async () => {
    const { id, token } = await register();
    const good = [200, { id, token, token_expires_at: null }];
    expect(await answer("POST", "/runners/verify", { json: { token } })).toEqual(good);
    expect(await answer("POST", "/runners/verify", { headers: { "RUNNER-TOKEN": token } })).toEqual(good);
    expect(await answer("POST", `/runners/verify?token=${token}`)).toEqual(good);
  });

  test("notes that the runner was heard of", async () => {
    const { id, token } = await register();
    expect((await summaryOf(id)).contactedAtMs).toBeNull();
    await verify({ token, info: { version: "19.3.0" } });
    expect(await summaryOf(id)).toMatchObject({ online: true, info: { version: "19.3.0" } });
  });

  test("makes the machine known, with its address as the edge or else a proxy sees it", async () => {
    const { id, token } = await register();
    const info = { version: "19.3.0", features: { cancel_gracefully: true } };
    await verify({ token, system_id: "s_1", info }, { "CF-Connecting-IP": "192.0.2.1", "X-Forwarded-For": "10.0.0.1" });
    await verify({ token, system_id: "r_2" }, { "X-Forwarded-For": "2001:db8::7, 10.0.0.1" });
    await verify({ token, system_id: "r_3" }, { "X-Forwarded-For": "<script>" });
    await verify({ token, system_id: "" });
    await verify({ token });
    expect(await managersOf(id)).toMatchObject([
      { systemId: "<legacy>" },
      { systemId: "r_3", ipAddress: null },
      { systemId: "r_2", ipAddress: "2001:db8::7", info: {} },
      { systemId: "s_1", ipAddress: "192.0.2.1", info },
    ]);
  });

  test("takes any name of a machine, and takes it again after a restart", async () => {
    const { token } = await register();
    for (const round of [1, 2]) {
      for (const system_id of ["\ud800", "a\ud801", "名前"]) {
        const verified = await verify({ token, system_id });
        expect(verified.status, `round ${round}`).toBe(200);
      }
      await evictDurableObject(queueStub(env));
    }
  });

  test("refuses who shows no token, a forged one, or one that registers", async () => {
    expect(await answer("POST", "/runners/verify", { json: {} })).toEqual([400, NO_TOKEN]);
    for (const token of [FORGED, REGISTRATION_TOKEN, ""]) {
      expect(await answer("POST", "/runners/verify", { json: { token } })).toEqual([403, INVALID_TOKEN]);
    }
    const { token } = await register();
    const json = { token, system_id: "x".repeat(256) };
    expect(await answer("POST", "/runners/verify", { json })).toEqual([400, bad("system_id is too long")]);
  });
});

describe("DELETE /runners", () => {
  test.each<[string, (token: string) => Promise<Response>]>([
    ["JSON", (token) => modern("DELETE", "/runners", { json: { token } })],
    ["a form", (token) => modern("DELETE", "/runners", { body: new URLSearchParams({ token }) })],
    ["the query", (token) => modern("DELETE", `/runners?token=${token}`)],
    ["the header", (token) => modern("DELETE", "/runners", { headers: { "RUNNER-TOKEN": token } })],
  ])("by %s removes the runner, whose token is unknown from then on", async (_where, remove) => {
    const { id, token } = await register();
    const response = await remove(token);
    expect([response.status, await response.text()]).toEqual([204, ""]);
    expect(await isGood(token)).toBe(false);
    expect((await remove(token)).status).toBe(403);
    expect((await queueStub(env).runner(id)).ok).toBe(false);
  });

  test("refuses who shows no token or a forged one", async () => {
    expect(await answer("DELETE", "/runners", { json: {} })).toEqual([400, NO_TOKEN]);
    expect(await answer("DELETE", "/runners", { json: { token: FORGED } })).toEqual([403, INVALID_TOKEN]);
  });
});

describe("DELETE /runners/managers", () => {
  test("forgets that machine and ends what it runs; the others and their token stay", async () => {
    const project = await newProject();
    const { id, token } = await register({ token: await runnersToken(project) });
    const builds = [await enqueue(project), await enqueue(project)];
    for (const systemId of ["s_1", "s_2"]) await poll({ id, epoch: 1 }, { systemId });
    expect(await answer("DELETE", "/runners/managers", { json: { token, system_id: "s_1" } })).toEqual([204, null]);
    const statuses = async () =>
      Promise.all(builds.map(async (build) => valueOf(await buildStub(env, build).summary()).status));
    await vi.waitUntil(async () => (await statuses())[0] !== "running");
    expect(await statuses()).toEqual(["failed", "running"]);
    expect(await managersOf(id)).toMatchObject([{ systemId: "s_2" }]);
    expect(await isGood(token)).toBe(true);
  });

  test("refuses what is missing, forged or unknown", async () => {
    const { token } = await register();
    const remove = (json: object) => answer("DELETE", "/runners/managers", { json });
    expect(await remove({ system_id: "s_1" })).toEqual([400, NO_TOKEN]);
    expect(await remove({ token })).toEqual([400, bad("system_id is missing")]);
    expect(await remove({ token, system_id: "" })).toEqual([400, bad("system_id is missing")]);
    expect(await remove({ token: FORGED, system_id: "s_1" })).toEqual([403, INVALID_TOKEN]);
    expect(await remove({ token, system_id: "s_1" })).toEqual([404, { message: "404 Runner manager not found" }]);
    expect(await isGood(token)).toBe(true);
  });
});

describe("POST /runners/reset_authentication_token", () => {
  const reset = (token: string) => answer("POST", "/runners/reset_authentication_token", { json: { token } });

  test("gives the runner a new token, and the old one is refused", async () => {
    const { id, token } = await register();
    const [status, body] = await reset(token);
    expect([status, body]).toEqual([201, { token: expect.any(String), token_expires_at: null }]);
    const { token: renewed } = body as Registered;
    expect(await answer("POST", "/runners/verify", { json: { token: renewed } })).toMatchObject([200, { id }]);
    expect(await isGood(token)).toBe(false);
    expect(await reset(token)).toEqual([403, { message: "403 Forbidden - this token was replaced" }]);
    expect(await isGood(renewed)).toBe(true);
  });

  test("refuses who shows no token or a forged one", async () => {
    expect(await answer("POST", "/runners/reset_authentication_token")).toEqual([400, NO_TOKEN]);
    expect(await reset(FORGED)).toEqual([403, INVALID_TOKEN]);
  });
});

test("there is no job router: a good token is told so, another refused", async () => {
  const { token } = await register();
  const discover = (headers: Record<string, string>) => answer("GET", "/runners/router/discovery", { headers });
  expect(await discover({ "RUNNER-TOKEN": token })).toEqual([501, { message: "job router is not available" }]);
  expect(await discover({ "RUNNER-TOKEN": FORGED })).toEqual([403, INVALID_TOKEN]);
});

test.each([
  ["PUT", "/runners", "DELETE, GET, HEAD, POST"],
  ["GET", "/runners/verify", "POST"],
  ["DELETE", "/runners/verify", "POST"],
  ["GET", "/runners/managers", "DELETE"],
  ["PUT", "/runners/reset_authentication_token", "POST"],
  ["POST", "/runners/router/discovery", "GET, HEAD"],
])("%s %s is 405, and what is allowed is named", async (method, path, allowed) => {
  const response = await modern(method, path);
  expect(response.status).toBe(405);
  expect(response.headers.get("Allow")).toBe(allowed);
});

test("a forged token wakes no object", async () => {
  const namespaces = [env.QUEUES, env.PROJECTS, env.BUILDS, env.DIRECTORY] as DurableObjectNamespace[];
  const objects = async () => (await Promise.all(namespaces.map((each) => listDurableObjectIds(each)))).flat().length;
  const before = await objects();
  const spies = namespaces.map((namespace) => vi.spyOn(namespace, "getByName"));
  const forged = [FORGED, `${"A".repeat(32)}p_default_987654321_1_abcd`, "x"];
  for (const token of forged) {
    const sent = { json: { token, system_id: "s_1" } };
    for (const [method, path] of [
      ["POST", "/runners"],
      ["POST", "/runners/verify"],
      ["DELETE", "/runners"],
      ["DELETE", "/runners/managers"],
      ["POST", "/runners/reset_authentication_token"],
      ["GET", `/runners/router/discovery?token=${token}`],
    ] as const) {
      expect((await modern(method, path, method === "GET" ? {} : sent)).status).toBe(403);
    }
  }
  for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  expect(await objects()).toBe(before);
  await register();
  expect(spies[0], "what a good token calls is seen").toHaveBeenCalled();
  for (const spy of spies) spy.mockRestore();
});
