import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { app } from "../../src/app.ts";

const statusAt = async (origin: string, ALLOWED_HOSTS?: string): Promise<number> => {
  const settings = ALLOWED_HOSTS === undefined ? {} : { ALLOWED_HOSTS };
  return (await app.request(`${origin}/-/health`, {}, { ...env, ...settings })).status;
};

test.each([
  ["http://localhost", 200],
  ["http://localhost:8787", 200],
  ["http://LOCALHOST:1", 200],
  ["http://127.0.0.1:8787", 200],
  ["http://[::1]:8787", 200],
  ["http://evil.example:8787", 403],
  ["http://localhost.evil.example", 403],
  ["http://evil.example.localhost", 403],
  ["http://127.0.0.2", 403],
  ["http://10.0.0.1:8787", 403],
  ["http://[::2]", 403],
])("a local server answers %s with %i", async (origin, status) => {
  expect(await statusAt(origin, "")).toBe(status);
});

test.each([
  ["http://ci.lan:8787", 200],
  ["http://CI.lan", 200],
  ["http://192.168.0.7", 200],
  ["http://[fd00::7]:8787", 200],
  ["http://localhost:8787", 200],
  ["http://x.ci.lan", 403],
  ["http://ci.lan.evil.example", 403],
])("with names in ALLOWED_HOSTS it answers %s with %i", async (origin, status) => {
  expect(await statusAt(origin, "ci.LAN, 192.168.0.7 [fd00::7]")).toBe(status);
});

test("a refused name is told which setting adds it", async () => {
  const response = await app.request("http://evil.example/api/v4/projects", {}, { ...env, ALLOWED_HOSTS: "" });
  expect(await response.json()).toEqual({ message: expect.stringMatching(/^403 Forbidden - .*ALLOWED_HOSTS/) });
});

test("a deployment answers for any name", async () => {
  expect(await statusAt("https://ci.example.com")).toBe(200);
});
