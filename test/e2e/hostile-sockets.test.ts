/** Bytes that are no HTTP, on real sockets: the server answers on, and nothing has changed. */
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { Dice } from "../tools/hostile/dice.ts";
import { rawMessages, rawRequest } from "../tools/hostile/raw.ts";
import type { RawRequest } from "../tools/hostile/raw.ts";
import { claimBuild, consumer } from "../tools/clients/local-api.ts";
import { startServer } from "../tools/server/server.ts";
import type { RunningServer } from "../tools/server/server.ts";

const REQUESTS = 300;
const AT_ONCE = 30;
/** What is answered at all is answered by then. */
const ANSWER_MS = 500;
/** What workerd says by itself where it can't parse a head; no Worker was asked then. 501 is its word for no method. */
const WORKERD_500 = /HTTP\/1\.1 500 Internal Server Error\r\nConnection: close\r\n/g;
const seed = Math.floor(Math.random() * 2 ** 31);

/** Sends it; all that came back until the connection ended, or until nobody waits any longer. */
const exchange = async (url: string, { pieces, ending }: RawRequest): Promise<string> => {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(url).port), allowHalfOpen: true });
  let answer = "";
  socket.setEncoding("latin1").on("data", (text: string) => (answer += text));
  // A reset by the server is one of its answers.
  socket.on("error", () => {});
  const over = Promise.race([once(socket, "close"), once(socket, "end")]).catch(() => {});
  await once(socket, "connect");
  for (const piece of pieces) {
    socket.write(piece, "latin1");
    await delay(1);
  }
  if (ending === "reset") socket.resetAndDestroy();
  if (ending === "end") socket.end();
  await Promise.race([over, delay(ANSWER_MS)]);
  socket.destroy();
  return answer;
};

/** What consumers see, and the names of all databases and objects on disk. */
const stateOf = async ({ url, stateDir }: RunningServer, projectId: number): Promise<object> => {
  const get = (path: string) => consumer(`${url}/api/v4${path}`);
  const names = await readdir(stateDir, { recursive: true });
  const jobs = (await (await get(`/projects/${projectId}/jobs`)).json()) as Record<string, unknown>[];
  const runners = (await (await get("/runners/all")).json()) as Record<string, unknown>[];
  const job = `/projects/${projectId}/jobs/${String(jobs[0]?.["id"])}`;
  return {
    projects: await (await get("/projects")).json(),
    jobs: jobs.map((job) => ({ ...job, duration: null })),
    runners,
    history: await (await get(`${job}/history`)).json(),
    trace: await (await get(`${job}/trace`)).text(),
    archive: await (await get(`${job}/artifacts`)).text(),
    // Not the metrics', which count what is refused as well.
    databases: names.filter((name) => name.endsWith(".sqlite") && !name.includes("Metrics")).toSorted(),
  };
};

test(`${REQUESTS} hostile messages on raw sockets leave a server that answers, and everything as it was`, async () => {
  const server = await startServer({ env: { ALLOWED_HOSTS: "signalbox.test" } });
  try {
    const { url } = server;
    const { projectId, runner, build } = await claimBuild(url);
    await runner.appendTrace(build, 0, new TextEncoder().encode("hello.\n!"));
    const content = (async function* () {
      yield new TextEncoder().encode("an archive");
    })();
    expect(await runner.uploadArtifacts(build, { filename: "artifacts.zip", content })).toBe(201);
    const before = await stateOf(server, projectId);

    const messages = rawMessages({ buildId: build.id, token: build.token });
    const dice = new Dice(seed);
    for (let sent = 0; sent < REQUESTS; sent += AT_ONCE) {
      const requests = Array.from({ length: AT_ONCE }, () => rawRequest(dice, messages));
      const answers = await Promise.all(requests.map((request) => exchange(url, request)));
      for (const [at, answer] of answers.entries()) {
        const told = `seed ${seed}: ${JSON.stringify(requests[at]).slice(0, 500)}`;
        expect(answer.replaceAll(WORKERD_500, ""), told).not.toMatch(/^HTTP\/1\.1 5(?!01)/m);
        expect(answer, told).not.toMatch(/\bat \S+:\d+|\.ts\b|SQLITE|kj::|workerd/);
      }
    }
    expect((await fetch(`${url}/-/health`)).status).toBe(200);
    // An address that workerd takes and the Worker can't parse: no name that it answers for.
    const request = "GET /api/v4/version HTTP/1.1\r\nHost: a:99999999\r\n\r\n";
    expect(await exchange(url, { pieces: [request], ending: "wait" })).toMatch(/^HTTP\/1\.1 403 /);
    expect(await stateOf(server, projectId), `seed ${seed}`).toEqual(before);
  } finally {
    await server.stop();
  }
});
