/** The legacy API as a client inside workerd sees it, and projects and builds to try it on. */
import { env, exports } from "cloudflare:workers";
import { tokenKeys } from "../../src/config.ts";
import type { Project } from "../../src/core/project.ts";
import { DEFAULT_SETTINGS } from "../../src/core/project.ts";
import type { BuildSpec } from "../../src/core/spec.ts";
import { DEFAULT_QUEUE, directoryStub, projectStub } from "../../src/stubs.ts";
import { LegacyClient } from "./legacy-client.ts";
import type { RunnerOptions } from "./legacy-client.ts";
import type { LegacyBuild } from "./legacy-build.ts";

export const ORIGIN = "http://signalbox.test";
export const RUNNER_1_11_5 = "gitlab-ci-multi-runner 1.11.5 (HEAD; go1.19.8; linux/amd64)";

/** A request to the whole app. `json` is a body of that type; anything else goes by `init`. */
export const call = (
  method: string,
  path: string,
  options: { json?: unknown; headers?: Record<string, string>; body?: BodyInit } = {},
): Promise<Response> => {
  const headers = new Headers(options.headers);
  if (options.json !== undefined) headers.set("Content-Type", "application/json");
  const body = options.json === undefined ? options.body : JSON.stringify(options.json);
  return exports.default.fetch(
    new Request(`${ORIGIN}${path}`, { method, headers, ...(body === undefined ? {} : { body }) }),
  );
};

export const legacy = (method: string, path: string, options: Parameters<typeof call>[2] = {}) =>
  call(method, `/ci/api/v1${path}`, options);

/** A project of its own, since storage is shared by the tests of a file. */
export const newProject = async (settings: Partial<Project> = {}): Promise<Project> => {
  const path = `test/${crypto.randomUUID()}`;
  const made = await directoryStub(env).createProject(path, { ...DEFAULT_SETTINGS, name: "demo", ...settings });
  if (!made.ok) throw new Error(made.refusal.reason);
  return made.value;
};

export const runnersToken = async (project: Project): Promise<string> =>
  (await tokenKeys(env)).sign({
    kind: "project",
    queue: DEFAULT_QUEUE,
    id: project.id,
    epoch: project.tokenEpoch,
  });

export const spec = (change: Partial<BuildSpec> = {}): BuildSpec => ({
  name: "test",
  stage: "test",
  ref: "main",
  sha: "b482b7345668d4ec3441448def046c29d61d02de",
  beforeSha: "0".repeat(40),
  tag: false,
  beforeScript: [],
  script: ["echo hello"],
  afterScript: [],
  image: null,
  services: [],
  variables: [],
  artifacts: null,
  cache: [],
  tags: [],
  timeoutSeconds: 3600,
  allowGitFetch: true,
  dependencies: [],
  ...change,
});

export const enqueue = async (project: Project, change: Partial<BuildSpec> = {}): Promise<number> => {
  const made = await projectStub(env, project.id).createBuild(spec(change), null);
  if (!made.ok) throw new Error(made.refusal.reason);
  return made.value.id;
};

/** A runner of this project alone, so that tests don't take each other's builds. */
export const newRunner = async (project: Project, options: RunnerOptions = {}): Promise<LegacyClient> =>
  LegacyClient.register(ORIGIN, await runnersToken(project), options, (url, init) =>
    exports.default.fetch(new Request(url, init)),
  );

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
  const answer = await runner.poll();
  if (answer.kind !== "build") throw new Error(`no build: ${JSON.stringify(answer)}`);
  return { project, runner, build: answer.build };
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
