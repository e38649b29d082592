/** The calls of the API's own page, as curl makes them: forms on every method, also with a GET and a DELETE. */
import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer } from "../tools/server/server.ts";
import type { RunningServer } from "../tools/server/server.ts";

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Buffer;
}

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

/** fetch refuses bodies with GET; curl doesn't. */
const send = (method: string, path: string, headers: Record<string, string>, body: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request(`${server.url}${path}`, { method, headers }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });

/** `curl --form name=value --form file=@archive.zip`, in that order. */
const form = (method: string, path: string, fields: Record<string, string>, file?: string): Promise<Answer> => {
  const parts = Object.entries(fields).map(([name, value]) => `form-data; name="${name}"\r\n\r\n${value}`);
  if (file !== undefined) parts.push(`form-data; name="file"; filename="archive.zip"\r\n\r\n${file}`);
  const body = `${parts.map((part) => `--seed\r\nContent-Disposition: ${part}\r\n`).join("")}--seed--\r\n`;
  const headers = { "Content-Type": "multipart/form-data; boundary=seed", "Content-Length": `${body.length}` };
  return send(method, `/ci/api/v1${path}`, headers, body);
};

const json = (answer: Answer) => JSON.parse(answer.body.toString()) as { id: number; token: string };

const consumer = async (path: string, body: object) => {
  const headers = { "PRIVATE-TOKEN": "dev-admin-token", "Content-Type": "application/json" };
  return json(await send("POST", `/api/v4${path}`, headers, JSON.stringify(body)));
};

test("every call of the API's page does what the page says", async () => {
  const runner = json(await form("POST", "/runners/register", { token: "dev-registration-token" }));
  const project = await consumer("/projects", { name: "seed" });
  const { id } = await consumer(`/projects/${project.id}/jobs`, { name: "seed", script: ["true"] });

  const claimed = await form("POST", "/builds/register", { token: runner.token });
  expect(claimed.status).toBe(201);
  const { token } = json(claimed);
  expect((await form("POST", "/builds/register", { token: runner.token })).status).toBe(404);
  expect((await form("POST", "/builds/register", {})).status).toBe(403);

  const report = { token: runner.token, state: "running", trace: "Running git clone...\n" };
  expect((await form("PUT", `/builds/${id}`, report)).status).toBe(200);

  const patch = (range: string, text: string) =>
    send(
      "PATCH",
      `/ci/api/v1/builds/${id}/trace.txt`,
      // What curl's --data says of its body.
      { "BUILD-TOKEN": token, "Content-Range": range, "Content-Type": "application/x-www-form-urlencoded" },
      text,
    );
  expect(await patch("21-26", "done.\n")).toMatchObject({
    status: 202,
    headers: { "build-status": "running", range: "0-27" },
  });
  expect(await patch("21-26", "done.\n")).toMatchObject({ status: 416, headers: { range: "0-27" } });

  const artifacts = `/builds/${id}/artifacts`;
  expect((await form("POST", artifacts, { token }, "PK zipped")).status).toBe(201);
  const download = await form("GET", artifacts, { token });
  expect([download.status, download.body.toString()]).toEqual([200, "PK zipped"]);
  expect((await form("DELETE", artifacts, { token })).status).toBe(200);
  expect((await form("GET", artifacts, { token })).status).toBe(404);
});
