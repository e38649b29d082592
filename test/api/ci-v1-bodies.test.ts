import { allRunners } from "../tools/objects/runners-stored.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { refusalOf } from "../tools/clients/legacy-artifacts.ts";
import type { RunningBuild } from "../tools/clients/legacy-api.ts";
import { legacy, patch, REGISTRATION_TOKEN, runningBuild } from "../tools/clients/legacy-api.ts";
import { everything } from "../tools/clients/legacy-routes.ts";

/** Bodies that aren't what they say, too large, or of the wrong types: refused with words, and nothing changes. */
let mine: RunningBuild;
let before: object;

beforeAll(async () => {
  mine = await runningBuild();
  await patch(mine.build, 0, "hello");
  before = await everything([mine.build.id]);
});

afterAll(async () => {
  expect(await everything([mine.build.id])).toEqual(before);
});

/** The routes that read parameters. */
const ROUTES = [
  "POST /runners/register",
  "DELETE /runners/delete",
  "POST /builds/register",
  "PUT /builds/:id",
  "POST /builds/:id/artifacts/authorize",
  "DELETE /builds/:id/artifacts",
];

const ask = (route: string, options: Parameters<typeof legacy>[2] = {}, query = ""): Promise<Response> => {
  const [method = "", path = ""] = route.split(" ");
  return legacy(method, path.replace(":id", String(mine.build.id)) + query, options);
};

const send = async (route: string, type: string, body: BodyInit) =>
  (await refusalOf(await ask(route, { headers: { "Content-Type": type }, body }))) as {
    status: number;
    message: string;
  };

const BOUNDARY = "multipart/form-data; boundary=b";
const part = '--b\r\nContent-Disposition: form-data; name="token"\r\n\r\nx';

describe("a body that is not what its type says", () => {
  test.each([
    ["JSON that breaks off", "application/json", '{"token":"x'],
    ["JSON with something after it", "application/json", '{"token":"x"}}'],
    ["no JSON", "application/json", "token=x"],
    ["a list", "application/json", '[{"token":"x"}]'],
    ["a number", "application/json", "1"],
    ["a text", "application/json", '"token"'],
    ["null", "application/json", "null"],
    ["JSON that is nested deeply", "application/json", "[".repeat(50_000)],
    ["an object that is nested deeply", "application/json", '{"a":'.repeat(10_000)],
    ["JSON in another encoding", "application/json; charset=utf-16", Uint8Array.of(0xff, 0xfe, 0x7b, 0, 0x7d, 0)],
    ["JSON with bytes that are no UTF-8", "application/json", Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)],
    ["a form with bytes that are no UTF-8", "application/x-www-form-urlencoded", Uint8Array.of(0x61, 0x3d, 0xff)],
    ["a form with thousands of names", "application/x-www-form-urlencoded", "a=1&".repeat(5000)],
    ["multipart without a boundary", "multipart/form-data", `${part}\r\n--b--\r\n`],
    ["multipart with another boundary", "multipart/form-data; boundary=c", `${part}\r\n--b--\r\n`],
    ["multipart that breaks off", BOUNDARY, part],
    ["multipart that breaks off in a header", BOUNDARY, "--b\r\nContent-Dispos"],
  ])("%s is 400", async (_what, type, body) => {
    for (const route of ROUTES) {
      const message = expect.stringMatching(/^400 \(Bad request\) /);
      expect(await send(route, type, body), route).toEqual({ status: 400, message });
    }
  });

  test.each([
    ["a form with broken escapes", "application/x-www-form-urlencoded", "token=%zz&%=%&&=&[]=&[=]&a[=1"],
    ["a form of names that every object has", "application/x-www-form-urlencoded", "__proto__[token]=x&constructor=y"],
    ["a type that nobody knows", "application/xml", "<token>x</token>"],
    ["plain text", "text/plain", '{"token":"x"}'],
    ["nothing", "application/json", ""],
    ["JSON under the names that every object has", "application/json", '{"__proto__":{"token":"x"},"constructor":1}'],
  ])("%s holds no token that is good for anything", async (_what, type, body) => {
    for (const route of ROUTES) {
      const missing = route.includes("/runners/") && !body.startsWith("token=");
      expect((await send(route, type, body)).status, route).toBe(missing ? 400 : 403);
    }
  });
});

describe("a body that is too large", () => {
  const MIB = 1024 * 1024;

  test.each(ROUTES)("%s", async (route) => {
    const token = route.startsWith("PUT") ? mine.runner.token : mine.build.token;
    const answer = await send(route, "application/json", `{"token":"${token}","a":"${"x".repeat(2 * MIB)}"}`);
    // A report may be longer than other calls, but what it has beside its log may not.
    expect(answer.status).toBe(route.startsWith("PUT") ? 403 : 413);
    expect(answer.message).toMatch(/ - (?:a report of )?\d+ bytes, Signalbox takes \d+ at most$/);
  });

  test.each(ROUTES)("%s: of more than 64 KiB without a token of ours at its beginning", async (route) => {
    const much = "x".repeat(64 * 1024);
    const beginnings = ['{"token":"x",', "{", `{"a":"${much}","token":"${mine.build.token}",`];
    for (const beginning of beginnings) {
      const answer = await send(route, "application/json", `${beginning}"b":"${much}"}`);
      expect(answer).toEqual({ status: 403, message: "403 Forbidden" });
    }
  });

  test("of more than 64 KiB is read when a header shows a token of ours", async () => {
    const headers = { "Content-Type": "application/json", "BUILD-TOKEN": mine.build.token };
    const body = `{"a":"${"x".repeat(100_000)}","filesize":1}`;
    expect((await ask("POST /builds/:id/artifacts/authorize", { headers, body })).status).toBe(200);
  });

  test("a patch of more than 16 MiB", async () => {
    const response = await legacy("PATCH", `/builds/${mine.build.id}/trace.txt`, {
      headers: { "BUILD-TOKEN": mine.build.token, "Content-Range": "5-" },
      body: new Uint8Array(16 * MIB + 1),
    });
    expect(await refusalOf(response)).toEqual({ status: 413, message: expect.stringMatching(/^413 /) });
  });
});

describe("parameters of the wrong type", () => {
  const WRONG = [{}, [], [1], { a: 1 }];

  test.each([
    ["POST /runners/register", ["token", "description", "run_untagged", "locked"]],
    ["DELETE /runners/delete", ["token"]],
    ["POST /builds/register", ["token", "last_update"]],
    ["PUT /builds/:id", ["token", "state", "trace"]],
    ["POST /builds/:id/artifacts/authorize", ["token", "filesize"]],
  ])("for %s are 400, which names them", async (route, fields) => {
    const token = route.includes("/runners") ? REGISTRATION_TOKEN : mine.runner.token;
    for (const field of fields) {
      for (const value of WRONG) {
        const json = { token, [field]: value };
        const answer = await refusalOf(await ask(route, { json }));
        expect(answer).toEqual({ status: 400, message: `400 (Bad request) "${field}" is invalid` });
      }
    }
  });

  test("in what a runner says of itself are dropped, and the rest is kept", async () => {
    const infos = [null, 1, "x", [], { version: 1, platform: {}, features: [] }, { features: { a: {}, __proto__: 1 } }];
    for (const info of infos) {
      const json = { token: mine.runner.token, info };
      expect((await legacy("POST", "/builds/register", { json })).status).toBe(404);
    }
    const info = { version: "v".repeat(10_000), platform: "linux\ud800", architecture: 5 };
    await legacy("POST", "/builds/register", { json: { token: mine.runner.token, info } });
    const stored = (await allRunners()).at(-1)?.info;
    expect(stored).toEqual({ version: "v".repeat(255), platform: "linux\ufffd", features: {} });
  });

  test.each(["", "abc", "-1", "-", "-5-9", "1e1-", "99999999999999999999999-", "0x5-", " ", "bytes */5"])(
    "a Content-Range of %j is 400",
    async (range) => {
      const response = await legacy("PATCH", `/builds/${mine.build.id}/trace.txt`, {
        headers: { "BUILD-TOKEN": mine.build.token, "Content-Range": range },
        body: "x",
      });
      expect(await refusalOf(response)).toEqual({ status: 400, error: "400 Missing header Content-Range" });
    },
  );

  test.each([
    ["a broken escape", "?token=%E0%A4%A", 403],
    ["no escape at all", "?token=%zz", 403],
    ["nothing as the token", "?token=", 403],
    ["a NUL", "?token=%00", 403],
    ["thousands of names", `?${"a=1&".repeat(5000)}`, 400],
  ])("a query with %s is refused", async (_what, query, status) => {
    for (const route of ROUTES) expect((await ask(route, {}, query)).status, route).toBe(status);
  });
});
