/**
 * `npm run demo`: a real build from the queue to its artifacts. Starts a server of its own and a shell runner from the
 * tests, queues a build, shows its log while it runs, lists its artifacts, and leaves nothing behind.
 */
import { startServer } from "../test/tools/server/server.ts";
import { ShellRunner, type FinishedBuild } from "../test/tools/runners/shell-runner.ts";
import { listZip } from "../test/tools/zip.ts";
import { DEVELOPMENT_SECRETS } from "./local-settings.ts";

const LIMIT_MS = 120_000;

const JOB = {
  name: "compile",
  stage: "build",
  ref: "main",
  sha: "5f0c3a9d1e7b42869a0d3c5e8f1b274690acde13",
  script: [
    'echo "Project $CI_PROJECT_NAME, build $CI_BUILD_ID, branch $CI_BUILD_REF_NAME"',
    "mkdir -p out/reports",
    'for part in 1 2 3 4 5 6; do echo "compiling part $part of 6"; sleep 0.3; done',
    'echo "hello from build $CI_BUILD_ID" > out/hello.txt',
    "seq 1 1000 > out/reports/numbers.txt",
    "wc -c out/hello.txt out/reports/numbers.txt",
  ],
  artifacts: { paths: ["out/"] },
};

interface Project {
  readonly id: number;
}

interface Job {
  readonly id: number;
  readonly status: string;
}

const say = (text: string): void => console.log(`\n\x1b[1m${text}\x1b[0m`);

/** A call of the consumer API; throws with the server's words unless it answers with `expected`. */
const call = async (url: string, expected: number, body?: object): Promise<Response> => {
  const response = await fetch(url, {
    method: body === undefined ? "GET" : "POST",
    headers: { "PRIVATE-TOKEN": DEVELOPMENT_SECRETS.ADMIN_TOKEN, "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (response.status === expected) return response;
  throw new Error(`${url} answers ${response.status}: ${await response.text()}`);
};

/** Copies the log to the terminal as it grows; ends with the build. */
const followLog = async (job: string): Promise<void> => {
  const { body } = await call(`${job}/trace?follow=true`, 200);
  if (body !== null) for await (const bytes of body) process.stdout.write(bytes);
};

const runNext = async (runner: ShellRunner): Promise<FinishedBuild> => {
  for (;;) {
    const result = await runner.runOne();
    if (result !== "nothing") return result;
  }
};

const showBuild = async (url: string): Promise<void> => {
  const api = `${url}/api/v4`;
  say("Registering a shell runner");
  const runner = await ShellRunner.register(url, DEVELOPMENT_SECRETS.REGISTRATION_TOKEN, { description: "demo" });

  say("Queueing a build");
  const project = (await (await call(`${api}/projects`, 201, { name: "demo" })).json()) as Project;
  const jobs = `${api}/projects/${project.id}/jobs`;
  const { id, status } = (await (await call(jobs, 201, JOB)).json()) as Job;
  console.log(`job ${id} is ${status}`);

  say("Its log, while the runner works");
  const [finished] = await Promise.all([runNext(runner), followLog(`${jobs}/${id}`)]);
  const job = (await (await call(`${jobs}/${id}`, 200)).json()) as Job;
  if (finished.id !== id || finished.state !== "success" || job.status !== "success") {
    throw new Error(`job ${id} is ${job.status}; the runner ended build ${finished.id} as ${finished.state}`);
  }

  say("Its artifacts");
  const archive = await call(`${jobs}/${id}/artifacts`, 200);
  for (const { name, size } of listZip(new Uint8Array(await archive.arrayBuffer()))) {
    console.log(`${`${size}`.padStart(8)}  ${name}`);
  }
  await runner.unregister();
};

// The server's group is killed and its state removed when this process exits, in whatever way it does.
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));
setTimeout(() => {
  console.error("\nThe demo took too long.");
  process.exit(1);
}, LIMIT_MS).unref();

try {
  say("Starting a server");
  const server = await startServer();
  console.log(server.url);
  try {
    await showBuild(server.url);
  } finally {
    say("Stopping everything");
    await server.stop();
  }
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
