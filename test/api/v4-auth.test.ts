import { env, exports } from "cloudflare:workers";
import { listDurableObjectIds } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { answer, consumer, ORIGIN } from "../tools/objects/fixtures.ts";

const fetchUser = (headers: Record<string, string>, query = ""): Promise<Response> =>
  exports.default.fetch(`${ORIGIN}/api/v4/user${query}`, { headers });

describe("the administrator's token is taken", () => {
  test.each<[where: string, headers: Record<string, string>, query: string]>([
    ["as PRIVATE-TOKEN", { "PRIVATE-TOKEN": "test-admin-token" }, ""],
    ["as a bearer token", { Authorization: "Bearer test-admin-token" }, ""],
    ["as a bearer token in small letters", { authorization: "bearer test-admin-token" }, ""],
    ["in the query", {}, "?private_token=test-admin-token"],
    ["in the query by OAuth's name", {}, "?access_token=test-admin-token"],
  ])("%s", async (_where, headers, query) => {
    const response = await fetchUser(headers, query);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ id: 1, username: "admin", state: "active" });
  });
});

describe("nobody else gets in", () => {
  test.each<[who: string, headers: Record<string, string>, query: string]>([
    ["without a token", {}, ""],
    ["with an empty token", { "PRIVATE-TOKEN": "" }, ""],
    ["with a wrong token", { "PRIVATE-TOKEN": "test-admin-tokeN" }, ""],
    ["with the registration token", { "PRIVATE-TOKEN": "test-registration-token" }, ""],
    ["with a wrong header before a good query", { "PRIVATE-TOKEN": "wrong" }, "?private_token=test-admin-token"],
    ["with another scheme", { Authorization: "Basic test-admin-token" }, ""],
  ])("%s", async (_who, headers, query) => {
    const response = await fetchUser(headers, query);
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ message: "401 Unauthorized" });
  });

  test("and no object wakes for them", async () => {
    for (const [method, path] of [
      ["GET", "/projects"],
      ["POST", "/projects"],
      ["GET", "/projects/1/jobs/1/trace"],
      ["DELETE", "/runners/1"],
    ]) {
      const response = await exports.default.fetch(`${ORIGIN}/api/v4${path}`, { method: method ?? "" });
      expect(response.status).toBe(401);
    }
    const asleep = [
      await listDurableObjectIds(env.DIRECTORY),
      await listDurableObjectIds(env.QUEUES),
      await listDurableObjectIds(env.PROJECTS),
      await listDurableObjectIds(env.BUILDS),
    ];
    expect(asleep).toEqual([[], [], [], []]);
  });
});

test("version and metadata tell which server this is", async () => {
  const version = {
    version: expect.stringMatching(/^19\.0\.0-signalbox\.\d+\.\d+\.\d+$/),
    revision: expect.any(String),
  };
  expect(await answer("GET", "/version")).toEqual([200, version]);
  expect(await answer("GET", "/metadata")).toEqual([200, expect.objectContaining({ ...version, enterprise: false })]);
});

test("an unknown route is 404, and a known one with another method 405", async () => {
  expect(await answer("GET", "/nothing")).toEqual([404, { error: "404 Not Found" }]);
  const response = await consumer("DELETE", "/version");
  expect(response.status).toBe(405);
  expect(response.headers.get("Allow")).toContain("GET");
});
