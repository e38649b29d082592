/** What a legacy runner hears when the platform or the configuration fails: words, never a stack, and when to come back. */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { app } from "../../src/app.ts";
import { newProject, newRunner, ORIGIN, REGISTRATION_TOKEN, RUNNER_1_11_5 } from "../tools/clients/legacy-api.ts";

const post = (path: string, json: object, environment: Env): Response | Promise<Response> =>
  app.fetch(
    new Request(`${ORIGIN}/ci/api/v1${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "User-Agent": RUNNER_1_11_5 },
      body: JSON.stringify(json),
    }),
    environment,
  );

/** A queue that can't be reached, with what the platform says of that. */
const withoutQueue = (fault: object): Env => ({
  ...env,
  QUEUES: {
    getByName: () => {
      throw Object.assign(new Error("internal detail"), fault);
    },
  } as unknown as Env["QUEUES"],
});

const poll = async (fault: object) =>
  post(
    "/builds/register",
    { token: (await newRunner(await newProject())).token, last_update: "mine" },
    withoutQueue(fault),
  );

describe("a poll", () => {
  test("whose queue breaks is told that there is nothing, with the cursor that it came with", async () => {
    const response = await poll({ retryable: true });
    expect(response.status).toBe(204);
    expect(response.headers.get("X-GitLab-Last-Update")).toBe("mine");
  });

  test("whose queue is overloaded is told to come back later", async () => {
    const response = await poll({ overloaded: true, retryable: true });
    expect(response.status).toBe(503);
    expect(response.headers.get("Retry-After")).toMatch(/^[1-9]\d*$/);
    expect(await response.json()).toEqual({ message: "503 Service Unavailable" });
  });
});

describe("any other call", () => {
  test.each([
    ["a passing fault", { retryable: true }, 503, "503 Service Unavailable", "1"],
    ["an overload", { overloaded: true }, 503, "503 Service Unavailable", "1"],
    ["a bug", {}, 500, "500 Internal Server Error", null],
  ])("that meets %s says no more than that", async (_what, fault, status, message, retryAfter) => {
    const response = await post("/runners/register", { token: REGISTRATION_TOKEN }, withoutQueue(fault));
    expect(response.status).toBe(status);
    expect(response.headers.get("Retry-After")).toBe(retryAfter);
    expect(await response.json()).toEqual({ message });
  });

  test.each(["ADMIN_TOKEN", "REGISTRATION_TOKEN", "TOKEN_SECRET"])(
    "without %s is 503, which names it",
    async (name) => {
      const response = await post("/runners/register", { token: REGISTRATION_TOKEN }, { ...env, [name]: "" });
      expect(response.status).toBe(503);
      expect(await response.json()).toEqual({ message: expect.stringContaining(name) });
    },
  );
});
