import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { app } from "../../src/app.ts";
import { ORIGIN } from "../tools/objects/fixtures.ts";

const ADMIN = "test-admin-token";
const FOREIGN = "https://evil.example";

const ask = async (method: string, path: string, headers: Record<string, string>, settings: object = {}) =>
  app.request(`${ORIGIN}${path}`, { method, headers }, { ...env, ...settings });

const FORM = { "Content-Type": "application/x-www-form-urlencoded" };
const CREATION = `/api/v4/projects?private_token=${ADMIN}&name=driveby`;

describe("what a page of another site can send unasked changes nothing", () => {
  test.each<[what: string, method: string, path: string, headers: Record<string, string>]>([
    ["a form, told by the browser", "POST", CREATION, { ...FORM, "Sec-Fetch-Site": "cross-site" }],
    ["a form of a neighbour", "POST", CREATION, { ...FORM, "Sec-Fetch-Site": "same-site" }],
    ["a form, told by its origin", "POST", CREATION, { ...FORM, Origin: FOREIGN }],
    ["a form of a page without an origin", "POST", CREATION, { ...FORM, Origin: "null" }],
    ["a form of another port", "POST", CREATION, { ...FORM, Origin: `${ORIGIN}:8443` }],
    ["a form of the same name without TLS", "POST", CREATION, { ...FORM, Origin: ORIGIN.replace("https", "http") }],
    ["a form whose address has a password", "POST", CREATION, { Origin: FOREIGN, Authorization: "Basic eDp5" }],
    ["a deletion", "DELETE", `/api/v4/projects/1?private_token=${ADMIN}`, { Origin: FOREIGN }],
    ["a legacy registration", "POST", "/ci/api/v1/runners/register?token=x", { ...FORM, Origin: FOREIGN }],
    ["a request for a job", "POST", "/api/v4/jobs/request?token=x", { ...FORM, Origin: FOREIGN }],
    ["a report of a job", "PUT", "/api/v4/jobs/1?token=x", { ...FORM, Origin: FOREIGN }],
  ])("%s", async (_what, method, path, headers) => {
    const response = await ask(method, path, headers);

    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({
      message: "403 Forbidden - a page of another site must send its token in a header",
    });
  });
});

describe("these are answered as if no browser had sent them", () => {
  test.each<[what: string, method: string, path: string, headers: Record<string, string>]>([
    ["a program's request", "POST", CREATION, FORM],
    ["a page's own form", "POST", CREATION, { ...FORM, "Sec-Fetch-Site": "same-origin", Origin: ORIGIN }],
    ["its own form from an older browser", "POST", CREATION, { ...FORM, Origin: ORIGIN }],
    ["a request typed by a person", "POST", CREATION, { ...FORM, "Sec-Fetch-Site": "none" }],
    ["its own form through a proxy", "POST", CREATION, { "Sec-Fetch-Site": "same-origin", Origin: FOREIGN }],
    [
      "another site's request with a token",
      "POST",
      "/api/v4/projects?name=a",
      { "PRIVATE-TOKEN": ADMIN, Origin: FOREIGN },
    ],
    [
      "one with a bearer token",
      "POST",
      "/api/v4/projects?name=b",
      { Authorization: `Bearer ${ADMIN}`, Origin: FOREIGN },
    ],
  ])("%s", async (_what, method, path, headers) => {
    // 201, or 400 for a name that is taken.
    expect([201, 400]).toContain((await ask(method, path, headers)).status);
  });

  test("reading", async () => {
    const response = await ask("GET", `/api/v4/user?private_token=${ADMIN}`, { "Sec-Fetch-Site": "cross-site" });
    expect(response.status).toBe(200);
  });

  test("a form of a page at PUBLIC_URL", async () => {
    const headers = { ...FORM, Origin: "https://public.example" };
    expect((await ask("POST", CREATION, headers)).status).toBe(403);
    const settings = { PUBLIC_URL: "https://public.example" };
    expect([201, 400]).toContain((await ask("POST", CREATION, headers, settings)).status);
  });
});

describe("a page of another site that has a token", () => {
  test("is allowed to send it, without cookies", async () => {
    const response = await ask("OPTIONS", "/api/v4/projects/1", {
      Origin: FOREIGN,
      "Access-Control-Request-Method": "PUT",
      "Access-Control-Request-Headers": "private-token, content-type",
    });

    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS",
      "access-control-allow-headers": "private-token,content-type",
      "access-control-max-age": "7200",
    });
    expect(response.headers.has("Access-Control-Allow-Credentials")).toBe(false);
  });

  test("may read the answer and the headers of its pages, also of a refusal", async () => {
    const ofList = await ask("GET", "/api/v4/projects", { Origin: FOREIGN, "PRIVATE-TOKEN": ADMIN });
    const ofRefusal = await ask("GET", "/api/v4/projects", { Origin: FOREIGN });

    expect([ofList.status, ofRefusal.status]).toEqual([200, 401]);
    for (const { headers } of [ofList, ofRefusal]) {
      expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
      const exposed = headers.get("Access-Control-Expose-Headers")?.split(",");
      expect(exposed).toEqual(expect.arrayContaining(["Link", "X-Total", "X-Next-Page", "X-Page", "X-Per-Page"]));
    }
  });

  test("is told so below /api alone, and a program never", async () => {
    const legacy = await ask("OPTIONS", "/ci/api/v1/builds/register", { Origin: FOREIGN });
    const program = await ask("GET", "/api/v4/projects", { "PRIVATE-TOKEN": ADMIN });

    for (const { headers } of [legacy, program]) expect(headers.has("Access-Control-Allow-Origin")).toBe(false);
    expect(legacy.status).toBe(405);
  });
});
