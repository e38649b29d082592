/** Projects, jobs, runners and claims for tests inside workerd: by the consumer API, and by the objects' own methods. */
import { env, exports } from "cloudflare:workers";
import type { Access } from "../../../src/builds/access.ts";
import { LEGACY_ABILITIES } from "../../../src/core/runner/abilities.ts";
import type { Abilities } from "../../../src/core/runner/abilities.ts";
import type { ClaimedBuild } from "../../../src/core/build/claimed.ts";
import type { Outcome } from "../../../src/core/refusal.ts";
import { DEFAULT_RUNNER_SETTINGS } from "../../../src/core/runner/runner.ts";
import type { Runner, RunnerInfo, RunnerSettings } from "../../../src/core/runner/runner.ts";
import type { Caller } from "../../../src/queue/machines.ts";
import { buildStub, queueStub } from "../../../src/stubs.ts";
import { fileOf } from "./spec.ts";

export const ORIGIN = "https://ci.test";
export const SHA = "5f0c3a9d1e7b42869a0d3c5e8f1b274690acde13";

/** An entity of the API; tests name the fields that they look at. */
export type Entity = { readonly id: number } & Readonly<Record<string, unknown>>;

interface Sent {
  /** JSON as it is to be sent, letter by letter. */
  readonly raw?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** A request by the administrator, to a path below `/api/v4`. */
export const consumer = (method: string, path: string, { body, raw, headers = {} }: Sent = {}): Promise<Response> =>
  exports.default.fetch(`${ORIGIN}/api/v4${path}`, {
    method,
    headers: { "PRIVATE-TOKEN": "test-admin-token", "Content-Type": "application/json", ...headers },
    ...(raw === undefined ? {} : { body: raw }),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

/** Status and JSON body of an answer, to be compared in one go. */
export const answer = async (
  method: string,
  path: string,
  sent: Sent = {},
): Promise<[status: number, body: unknown]> => {
  const response = await consumer(method, path, sent);
  return [response.status, await response.json()];
};

/** The entity that a request is answered with. Throws with the server's words for any other status. */
export const entity = async (status: number, method: string, path: string, sent: Sent = {}): Promise<Entity> => {
  const response = await consumer(method, path, sent);
  if (response.status === status) return response.json();
  throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
};

/** With a path of its own, since storage is shared by the tests of a file. */
export const createProject = (fields: object = {}): Promise<Entity> =>
  entity(201, "POST", "/projects", { body: { path: `test/${crypto.randomUUID()}`, ...fields } });

export const createJob = (projectId: number, fields: object = {}): Promise<Entity> =>
  entity(201, "POST", `/projects/${projectId}/jobs`, { body: { name: "unit", script: ["true"], ...fields } });

export const valueOf = <T>(outcome: Outcome<T>): T => {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusal));
  return outcome.value;
};

/** A runner of one project, or with null of all. */
export const registerRunner = async (
  projectId: number | null,
  settings: Partial<RunnerSettings> = {},
  info: RunnerInfo = {},
): Promise<Runner> => {
  return valueOf(await queueStub(env).registerRunner({ ...DEFAULT_RUNNER_SETTINGS, ...settings }, projectId, info));
};

/** The runner asks for work and must get some. */
export const claim = async (
  { id, epoch }: Runner,
  able: Partial<Abilities> = {},
  caller: Caller = { systemId: null, ipAddress: null, info: null },
): Promise<ClaimedBuild> => {
  const abilities = { ...LEGACY_ABILITIES, ...able };
  const asked = { token: { id, epoch }, ...caller, abilities, cursor: null };
  const polled = valueOf(await queueStub(env).poll(asked));
  if (polled.kind !== "work") throw new Error("there was nothing to claim");
  return polled.build;
};

export const accessOf = (claimed: ClaimedBuild): Access => ({ by: "attempt", attempt: claimed.summary.attempt });

/** A job that a runner of its own project has begun. */
export const startJob = async (fields: object = {}) => {
  const project = await createProject();
  const job = await createJob(project.id, fields);
  const runner = await registerRunner(project.id);
  const claimed = await claim(runner);
  return { project, job, runner, claimed, path: `/projects/${project.id}/jobs/${job.id}` };
};

/** Appends to the log; answers with its length. */
export const append = async (claimed: ClaimedBuild, start: number, text: string | Uint8Array): Promise<number> => {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return valueOf(await buildStub(env, claimed.summary.id).append(accessOf(claimed), start, bytes)).lengthBytes;
};

export const finish = async (claimed: ClaimedBuild, how: "success" | "failed" = "success"): Promise<void> => {
  const fail = { kind: "fail", reason: "script_failure", exitCode: 1 } as const;
  const report = how === "success" ? ({ kind: "succeed" } as const) : fail;
  valueOf(await buildStub(env, claimed.summary.id).report(accessOf(claimed), report));
};

/** Stores an archive as the job's artifact. */
export const storeArchive = async (
  claimed: ClaimedBuild,
  content: string | Uint8Array,
  expiresInMs: number | null = null,
): Promise<{ readonly key: string }> => {
  const stub = buildStub(env, claimed.summary.id);
  const { id, key } = valueOf(await stub.beginArtifact(accessOf(claimed), "archive", "zip"));
  await env.ARTIFACTS.put(key, content);
  const file = fileOf({ filename: "artifacts.zip", sizeBytes: Buffer.byteLength(content), expiresInMs });
  valueOf(await stub.commitArtifact(accessOf(claimed), id, file, true));
  return { key };
};
