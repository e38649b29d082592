/** Clients that vanish, uploads that are too large, and an outage: on a real server and real sockets. */
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { CONTENT_TYPE, form, noise } from "../tools/clients/multipart.ts";
import { LegacyClient } from "../tools/clients/legacy-client.ts";
import { claimBuild, consumer, createJob, createProject, registerRunner } from "../tools/clients/local-api.ts";
import { startServer, type RunningServer, type ServerOptions } from "../tools/server/server.ts";

const servers: RunningServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

const start = async (options: ServerOptions): Promise<RunningServer> => {
  const server = await startServer(options);
  servers.push(server);
  return server;
};

test("uploads over the limit get their 413, forty times, in chunks or with their length, and the server lives", async () => {
  const { url } = await start({ env: { MAX_ARTIFACT_BYTES: "1000000" } });
  const { runner, build } = await claimBuild(url);
  const file = { name: "file", filename: "artifacts.zip" };
  const body = form({ ...file, content: noise(3_000_000) });

  const upload = async (isChunked: boolean): Promise<[status: number | undefined, body: string]> => {
    const length = isChunked ? {} : { "Content-Length": body.length };
    const headers = { "BUILD-TOKEN": build.token, "Content-Type": CONTENT_TYPE, ...length };
    const sent = request(`${url}/ci/api/v1/builds/${build.id}/artifacts`, { method: "POST", headers });
    const answered = once(sent, "response");
    for (let at = 0; at < body.length; at += 65_536) {
      if (!sent.write(body.subarray(at, at + 65_536))) await once(sent, "drain");
    }
    sent.end();
    const [response] = (await answered) as [IncomingMessage];
    return [response.statusCode, Buffer.concat(await response.toArray()).toString()];
  };
  const message = `413 Request Entity Too Large - ${body.length} bytes, Signalbox takes 1000000 at most`;
  for (let tries = 0; tries < 40; tries++) {
    expect(await upload(tries % 2 === 0)).toEqual([413, JSON.stringify({ message })]);
  }
  expect((await fetch(`${url}/-/health`)).status).toBe(200);
  const content = (async function* () {
    yield noise(900_000);
  })();
  expect(await runner.uploadArtifacts(build, { filename: "artifacts.zip", content })).toBe(201);
});

test("a poller that vanished while its poll was held costs a build nothing but the lease", async () => {
  const { url } = await start({ env: { CLAIM_LEASE_SECONDS: "1" } });
  const projectId = await createProject(url);
  const runner = await registerRunner(url);
  const register = (lastUpdate?: string) => {
    const sent = request(`${url}/ci/api/v1/builds/register`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "User-Agent": "gitlab-ci-multi-runner 1.11.5" },
    });
    sent.end(JSON.stringify({ token: runner.token, last_update: lastUpdate }));
    return sent;
  };
  const [first] = (await once(register(), "response")) as [IncomingMessage];
  const held = register(String(first.headers["x-gitlab-last-update"]));
  const answered = once(held, "response").then(
    () => "answered",
    () => "broken",
  );
  expect(await Promise.race([answered, delay(500, "held")])).toBe("held");
  held.destroy();
  expect(await answered).toBe("broken");

  const id = await createJob(url, projectId);
  const job = `${url}/api/v4/projects/${projectId}/jobs/${id}`;
  expect(await (await consumer(job)).json()).toMatchObject({ status: "running", attempt: 1 });
  // The one that took it is gone; it is held until the lease is over.
  await runner.poll();
  const again = await runner.poll();
  expect(again).toMatchObject({ kind: "build", build: { id } });
  expect(await runner.update(id, "success", "done.\n")).toBe(200);
  expect(await (await consumer(job)).json()).toMatchObject({ status: "success", attempt: 2 });
});

test("an outage longer than STUCK_AFTER_SECONDS kills no build whose runner comes back", async () => {
  const env = { STUCK_AFTER_SECONDS: "6" };
  const first = await start({ env });
  const { projectId, runner, build } = await claimBuild(first.url);
  await runner.appendTrace(build, 0, new TextEncoder().encode("before.\n"));
  await first.kill();
  // Late by more than half of that, also on a server that starts in no time.
  await delay(10_000);

  const { url } = await start({ env, stateDir: first.stateDir });
  const job = `${url}/api/v4/projects/${projectId}/jobs/${build.id}`;
  const events = async () =>
    ((await (await consumer(`${job}/history`)).json()) as { event: string }[]).map(({ event }) => event);
  // The alarm that was due during the outage comes before the runner does.
  await expect.poll(async () => (await events()).length, { timeout: 20_000 }).toBeGreaterThan(3);
  expect(await events()).toEqual(["create", "enqueue", "claim", "survive_outage"]);
  const back = new LegacyClient(url, runner.token);
  expect(await back.appendTrace(build, 8, new TextEncoder().encode("after.\n"))).toMatchObject({
    status: 202,
    buildStatus: "running",
  });
  expect(await back.update(build.id, "success")).toBe(200);
  expect(await (await consumer(`${job}/trace`)).text()).toBe("before.\nafter.\n");
});
