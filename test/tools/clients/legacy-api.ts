/** The legacy API as a client inside workerd sees it, and projects and builds to try it on. */
import { bytesWithoutEndNote } from "../end-note.ts";
import { env } from "cloudflare:workers";
import { ADMINISTRATOR } from "../../../src/core/principal.ts";
import { app } from "../../../src/app.ts";
import { tokenKeys } from "../../../src/settings.ts";
import type { Project } from "../../../src/core/project.ts";
import { DEFAULT_SETTINGS } from "../../../src/core/project.ts";
import type { Outcome } from "../../../src/core/refusal.ts";
import type { BuildSpec } from "../../../src/core/build/spec.ts";
import type { BuildSummary } from "../../../src/core/build/summary.ts";
import { buildStub, DEFAULT_QUEUE, directoryStub, projectStub } from "../../../src/stubs.ts";
import { LegacyClient } from "./legacy-client.ts";
import type { Fetch, RunnerOptions } from "./runner-wire.ts";
import type { LegacyBuild } from "./legacy-build.ts";
import { specOf } from "../objects/spec.ts";

export const ORIGIN = "http://signalbox.test";
/** Registers runners of the whole instance, as vitest.config.ts sets it. */
export const REGISTRATION_TOKEN = "test-registration-token";
export const RUNNER_1_11_5 = "gitlab-ci-multi-runner 1.11.5 (HEAD; go1.19.8; linux/amd64)";

/** Not by `exports.default`, which costs more with each request that a test file has made: ten milliseconds after a hundred. */
const send = async (request: Request): Promise<Response> => app.fetch(request, env);

/** A request to the whole app. `json` is a body of that type; anything else goes by `init`. */
export const call = (
  method: string,
  path: string,
  options: { json?: unknown; headers?: Record<string, string>; body?: BodyInit } = {},
): Promise<Response> => {
  const headers = new Headers(options.headers);
  if (options.json !== undefined) headers.set("Content-Type", "application/json");
  const body = options.json === undefined ? options.body : JSON.stringify(options.json);
  return send(new Request(`${ORIGIN}${path}`, { method, headers, ...(body === undefined ? {} : { body }) }));
};

export const legacy = (method: string, path: string, options: Parameters<typeof call>[2] = {}) =>
  call(method, `/ci/api/v1${path}`, options);

/** The value of an outcome that a test can't go on without. */
export const valueOf = <T>(outcome: Outcome<T>): T => {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusal));
  return outcome.value;
};

/** A project of its own, since storage is shared by the tests of a file. */
export const newProject = async (settings: Partial<Project> = {}): Promise<Project> => {
  const path = `test/${crypto.randomUUID()}`;
  return valueOf(await directoryStub(env).createProject(path, { ...DEFAULT_SETTINGS, name: "demo", ...settings }));
};

export const runnersToken = async (project: Project): Promise<string> =>
  tokenKeys(env).sign({
    kind: "project",
    queue: DEFAULT_QUEUE,
    id: project.id,
    epoch: project.tokenEpoch,
  });

export const enqueue = async (project: Project, change: Partial<BuildSpec> = {}): Promise<number> => {
  return valueOf(await projectStub(env, project.id).createBuild(ADMINISTRATOR, specOf(change), null)).id;
};

/** What a client of a runner sends goes to the app. */
export const appFetch: Fetch = (url, init) => send(new Request(url, init));

const registered = (registrationToken: string, options: RunnerOptions): Promise<LegacyClient> =>
  LegacyClient.register(ORIGIN, registrationToken, options, appFetch);

/** A runner of this project alone, so that tests don't take each other's builds. */
export const newRunner = async (project: Project, options: RunnerOptions = {}): Promise<LegacyClient> =>
  registered(await runnersToken(project), options);

/** A runner of the instance that takes builds with this tag alone, for the same reason. */
export const newInstanceRunner = (tag: string): Promise<LegacyClient> =>
  registered(REGISTRATION_TOKEN, { tags: [tag], runUntagged: false });

/** The build that this runner gets now. */
export const claim = async (runner: LegacyClient): Promise<LegacyBuild> => {
  const answer = await runner.poll();
  if (answer.kind !== "build") throw new Error(`no build: ${JSON.stringify(answer)}`);
  return answer.build;
};

export interface RunningBuild {
  readonly project: Project;
  readonly runner: LegacyClient;
  readonly build: LegacyBuild;
}

/** A build that a runner of its own has just claimed. */
export const runningBuild = async (change: Partial<BuildSpec> = {}): Promise<RunningBuild> => {
  const project = await newProject();
  await enqueue(project, change);
  const runner = await newRunner(project);
  return { project, runner, build: await claim(runner) };
};

/** PATCHes `text` at `start`; the end of the range is what 1.11.5 sends. */
export const patch = (build: Pick<LegacyBuild, "id" | "token">, start: number, text: string, token = build.token) =>
  legacy("PATCH", `/builds/${build.id}/trace.txt`, {
    headers: {
      "BUILD-TOKEN": token,
      "Content-Range": `${start}-${start + new TextEncoder().encode(text).length}`,
      "Content-Type": "text/plain",
    },
    body: text,
  });

/** The trace as its runner has written it, secrets masked. */
export const traceBytes = async (buildId: number): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = [];
  for (let offset = 0; ;) {
    const { bytes, lengthBytes } = valueOf(await buildStub(env, buildId).readTrace(offset, 1024 * 1024));
    pieces.push(bytes);
    offset += bytes.length;
    if (offset < lengthBytes && bytes.length > 0) continue;
    return bytesWithoutEndNote(new Uint8Array(await new Blob(pieces).arrayBuffer()));
  }
};

export const traceText = async (buildId: number): Promise<string> =>
  new TextDecoder().decode(await traceBytes(buildId));

export const summaryOf = async (buildId: number): Promise<BuildSummary> =>
  valueOf(await buildStub(env, buildId).summary());
