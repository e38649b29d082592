import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { resolve } from "node:path";
import { afterEach, expect, test } from "vitest";
import { DEVELOPMENT_SECRETS } from "../../scripts/local-settings.ts";
import { LegacyClient } from "../tools/clients/legacy-client.ts";
import { claimBuild, consumer } from "../tools/clients/local-api.ts";
import { startServer, type RunningServer, type ServerOptions } from "../tools/server/server.ts";
import { withoutEndNote } from "../tools/end-note.ts";

const START_SCRIPT = resolve(import.meta.dirname, "../../scripts/start.ts");

const servers: RunningServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

const start = async (options?: ServerOptions): Promise<RunningServer> => {
  const server = await startServer(options);
  servers.push(server);
  return server;
};

const archiveOf = (bytes: number) => ({
  filename: "artifacts.zip",
  content: (async function* () {
    yield new Uint8Array(bytes);
  })(),
});

/** Runs the start script with what it must refuse. */
const startRefused = async (env: Record<string, string>): Promise<{ code: number | null; errors: string }> => {
  const child = spawn(process.execPath, [START_SCRIPT], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (text: Buffer) => (errors += text.toString()));
  await once(child, "close");
  return { code: child.exitCode, errors };
};

test("a setting from the environment wins over the one in wrangler.toml", async () => {
  const { url } = await start({ env: { MAX_ARTIFACT_BYTES: "1000" } });
  const { runner, build } = await claimBuild(url);

  expect(await runner.uploadArtifacts(build, archiveOf(1001))).toBe(413);
  expect(await runner.uploadArtifacts(build, archiveOf(500))).toBe(201);
});

test("secrets from the environment take the place of the development ones", async () => {
  const { url } = await start({
    env: { ADMIN_TOKEN: "admin:of=mine,long", REGISTRATION_TOKEN: "registration-of-mine" },
  });

  expect((await consumer(`${url}/api/v4/projects`)).status).toBe(401);
  const mine = await fetch(`${url}/api/v4/projects`, { headers: { "PRIVATE-TOKEN": "admin:of=mine,long" } });
  expect(mine.status).toBe(200);
  await expect(LegacyClient.register(url, DEVELOPMENT_SECRETS.REGISTRATION_TOKEN)).rejects.toThrow("403");
  await expect(LegacyClient.register(url, "registration-of-mine")).resolves.toBeInstanceOf(LegacyClient);
});

test("a server that was killed goes on with its projects, builds and logs when it is started on the same state", async () => {
  const first = await start();
  const { projectId, runner, build } = await claimBuild(first.url);
  const line = new TextEncoder().encode("one line of log\n");
  expect(await runner.appendTrace(build, 0, line)).toMatchObject({ status: 202 });
  await first.kill();

  const second = await start({ stateDir: first.stateDir });
  const project = `${second.url}/api/v4/projects/${projectId}`;
  expect(await (await consumer(project)).json()).toMatchObject({ id: projectId, name: "kept" });
  expect(await (await consumer(`${project}/jobs/${build.id}/trace`)).text()).toBe("one line of log\n");

  const sameRunner = new LegacyClient(second.url, runner.token);
  const answer = await sameRunner.appendTrace(build, line.byteLength, line);
  expect(answer).toEqual({ status: 202, buildStatus: "running", length: 2 * line.byteLength });
  expect(await sameRunner.update(build.id, "success")).toBe(200);
});

test.each(["abc", "0", "65536", "80 80", "-1"])("PORT=%j is refused with a message that names it", async (port) => {
  const { code, errors } = await startRefused({ PORT: port });

  expect(code).toBe(1);
  expect(errors).toContain(`PORT must be a number from 1 to 65535, not "${port}"`);
});

test("a state that another server works on is refused with a message that says so", async () => {
  const { stateDir } = await start();
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address() as AddressInfo;
  await new Promise((closed) => free.close(closed));
  const { code, errors } = await startRefused({ PORT: `${port}`, STATE_DIR: stateDir });

  expect(code).toBe(1);
  expect(errors).toContain(`another server works on ${stateDir}`);
});

test("a limit of silence that is shorter than the claim's lease ends a build when it says", async () => {
  const { url } = await start({ env: { STUCK_AFTER_SECONDS: "1", CLAIM_LEASE_SECONDS: "120" } });
  const { projectId, runner, build } = await claimBuild(url);
  await runner.appendTrace(build, 0, new TextEncoder().encode("the last words.\n"));
  const job = `${url}/api/v4/projects/${projectId}/jobs/${build.id}`;

  // A follower is let go when the build ends.
  const followed = await (await consumer(`${job}/trace?follow=true`)).text();
  expect(withoutEndNote(followed)).toBe("the last words.\n");
  expect(followed).toContain("Signalbox ended this log: no contact with the runner since ");
  expect(await (await consumer(job)).json()).toMatchObject({
    status: "failed",
    failure_reason: "runner_system_failure",
  });
});

test("a port that is in use is refused with a message that says so", async () => {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  try {
    const { code, errors } = await startRefused({ PORT: `${port}` });

    expect(code).toBe(1);
    expect(errors).toContain(`port ${port} is in use`);
  } finally {
    holder.close();
  }
});
