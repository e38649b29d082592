/** Which names the local server answers for, asked as no client library would. */
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type RunningServer } from "../tools/server/server.ts";

let server: RunningServer;

beforeAll(async () => {
  server = await startServer({ env: { ALLOWED_HOSTS: "ci.lan" } });
});

afterAll(() => server.stop());

/** The first line of the answer, and its body. */
const ask = async (
  line: string,
  ...headers: string[]
): Promise<[status: string | undefined, body: string | undefined]> => {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  // Ended by us: workerd itself keeps a connection open for some seconds more.
  socket.end([`${line} HTTP/1.1`, ...headers, "Connection: close", "", ""].join("\r\n"));
  const answer = Buffer.concat(await socket.toArray()).toString();
  return [/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1], answer.split("\r\n\r\n")[1]];
};

const USER = "GET /api/v4/user?private_token=dev-admin-token";

test.each(["localhost", "localhost:8787", "127.0.0.1", "127.0.0.1:1", "[::1]", "LOCALHOST", "ci.lan", "CI.lan:80"])(
  "Host: %s is answered",
  async (name) => {
    expect(await ask(USER, `Host: ${name}`)).toEqual(["200", expect.stringContaining('"username":"admin"')]);
  },
);

test.each([
  "evil.example",
  "evil.example:8787",
  "localhost.evil.example",
  "x.ci.lan",
  "127.0.0.1.evil.example",
  "0.0.0.0",
])("Host: %s is refused", async (name) => {
  expect(await ask(USER, `Host: ${name}`)).toEqual(["403", expect.stringContaining("ALLOWED_HOSTS")]);
});

describe("workerd itself refuses, with nothing of ours in its answer,", () => {
  test.each([
    ["an address in the place of a path", "GET http://evil.example/api/v4/user", ["Host: localhost"]],
    ["one of this server", "GET http://localhost/api/v4/user", ["Host: evil.example"]],
    ["a path that is none", "OPTIONS *", ["Host: localhost"]],
    ["two Hosts", USER, ["Host: localhost", "Host: evil.example"]],
    ["a Host with a name in front", USER, ["Host: evil@localhost"]],
    ["a Host with a path", USER, ["Host: localhost/../evil"]],
  ])("%s", async (_what, line, headers) => {
    expect(await ask(line, ...headers)).toEqual(["500", "Internal Server Error"]);
  });

  test.each([
    ["no Host", []],
    ["an empty one", ["Host: "]],
  ])("%s", async (_what, headers) => {
    expect(await ask(USER, ...headers)).toEqual(["400", "Bad Request"]);
  });
});

test("a page of another site makes nothing, though it knows the token and a good name", async () => {
  const line = "POST /api/v4/projects?private_token=dev-admin-token&name=driveby";
  const form = ["Host: localhost:8787", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 0"];
  const refused = ["403", expect.stringContaining("another site")];

  expect(await ask(line, ...form, "Sec-Fetch-Site: cross-site")).toEqual(refused);
  expect(await ask(line, ...form, "Origin: https://evil.example")).toEqual(refused);
  expect(await ask(line, ...form)).toEqual(["201", expect.anything()]);
});
