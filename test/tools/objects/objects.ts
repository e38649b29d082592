/** What the tests of the objects share: builds and runners under numbers of their own, time that only they move, crashes. */
import { withoutEndNote } from "../end-note.ts";
import type { ReportedTrace } from "../../../src/builds/runner-calls.ts";
import { crc32 } from "node:zlib";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import type { Access } from "../../../src/builds/access.ts";
import { LEGACY_ABILITIES } from "../../../src/core/runner/abilities.ts";
import type { RunnerRef } from "../../../src/core/build/build.ts";
import type { Outcome, Refusal } from "../../../src/core/refusal.ts";
import { DEFAULT_RUNNER_SETTINGS } from "../../../src/core/runner/runner.ts";
import type { RunnerSettings } from "../../../src/core/runner/runner.ts";
import { lonePipeline } from "../../../src/core/build/pipeline-ref.ts";
import type { BuildSpec, ProjectSnapshot } from "../../../src/core/build/spec.ts";
import type { PollAnswer, PollRequest } from "../../../src/queue/polls.ts";
import { buildStub, queueStub } from "../../../src/stubs.ts";
import { specOf } from "./spec.ts";

/** A number that no other test of the file uses: its tests share their storage. */
export const uniqueId = (): number => 1_000_000_000 + Math.floor(Math.random() * 1e15);

export const snapshotOf = (id: number): ProjectSnapshot => ({
  id,
  name: "demo",
  description: "",
  path: "root/demo",
  configPath: null,
  defaultBranch: "main",
  visibility: "private",
  repoUrl: "",
  gitDepth: 20,
  serverUrl: null,
  tokenEpoch: 1,
});

/** The value of an outcome that must not be a refusal. */
export const valueOf = <T>(outcome: Outcome<T>): T => {
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.refusal)}`);
  return outcome.value;
};

/** The refusal of an outcome, null when it was accepted. */
export const refusalOf = (outcome: Outcome<unknown>): Refusal | null => (outcome.ok ? null : outcome.refusal);

export type BuildStub = ReturnType<typeof buildStub>;
export type QueueStub = ReturnType<typeof queueStub>;

export interface TestBuild {
  readonly id: number;
  readonly projectId: number;
  readonly stub: BuildStub;
}

export const inputOf = (id: number, projectId: number, spec: Partial<BuildSpec> = {}) => ({
  id,
  spec: specOf({ pipeline: lonePipeline(uniqueId(), Date.now()), ...spec }),
  project: snapshotOf(projectId),
});

/** A pending build that its queue knows; its project exists in name only. */
export const pendingBuild = async (spec: Partial<BuildSpec> = {}, projectId = uniqueId()): Promise<TestBuild> => {
  const id = uniqueId();
  const stub = buildStub(env, id);
  valueOf(await stub.create(inputOf(id, projectId, spec)));
  return { id, projectId, stub };
};

export const runnerRefOf = (change: Partial<RunnerRef> = {}): RunnerRef => ({
  id: uniqueId(),
  epoch: 1,
  description: "a runner",
  tags: [],
  shared: true,
  cancelGracefully: false,
  resendsTrace: false,
  manager: null,
  maximumTimeoutSeconds: null,
  ...change,
});

/** Claims the build as it stands, without its queue. */
export const claim = async (stub: BuildStub, runner = runnerRefOf(), twoPhase = false) => {
  const { revision } = valueOf(await stub.summary());
  return valueOf(await stub.claim({ revision, runner, twoPhase }));
};

export const attempt = (number: number): Access => ({ by: "attempt", attempt: number });
export const FIRST = attempt(1);

export const runningBuild = async (spec: Partial<BuildSpec> = {}, runner = runnerRefOf()): Promise<TestBuild> => {
  const build = await pendingBuild(spec);
  await claim(build.stub, runner);
  return build;
};

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
/** A whole log, as a report carries it. */
export const logOf = (text: string): ReportedTrace => ({ log: bytesOf(text) });

/** What the runner has written. Of a build that runs, a tail that may be the beginning of a token is held back: end with what no token has, as `.` */
export const traceOf = async (stub: BuildStub, offset = 0, maxBytes = 1024 * 1024): Promise<string> =>
  withoutEndNote(new TextDecoder().decode(valueOf(await stub.readTrace(offset, maxBytes)).bytes));

export const statusOf = async (stub: BuildStub) => valueOf(await stub.summary()).status;

export const lastEvent = async (stub: BuildStub) => valueOf(await stub.history()).at(-1)?.event;

/** From here on time stands still but for `advance`; alarms fire when a test says so. */
export const holdTime = (): void => void vi.useFakeTimers({ toFake: ["Date"] });
export const advance = (ms: number): void => void vi.setSystemTime(Date.now() + ms);

/** Moves time to the alarm that is set, and fires it. False when none is. */
export const toNextAlarm = async (stub: DurableObjectStub): Promise<boolean> => {
  const atMs = await alarmOf(stub);
  if (atMs === null) return false;
  if (atMs > Date.now()) vi.setSystemTime(atMs);
  return runDurableObjectAlarm(stub);
};

/** Fires the alarms up to the one that changes the build, and says how long that took. */
export const msToChange = async (stub: BuildStub): Promise<number> => {
  const startMs = Date.now();
  const { revision } = valueOf(await stub.summary());
  for (let fired = 0; fired < 20 && valueOf(await stub.summary()).revision === revision; fired++)
    await toNextAlarm(stub);
  return Date.now() - startMs;
};

/** Runs a build's alarm here and now. One that is due at once may also fire by itself, at any time. */
export const fireAlarm = (stub: BuildStub, info?: Partial<AlarmInvocationInfo>): Promise<void> =>
  runInDurableObject(stub, (instance) =>
    instance.alarm(
      info === undefined ? undefined : { isRetry: false, retryCount: 0, scheduledTime: Date.now(), ...info },
    ),
  );

export const alarmOf = (stub: DurableObjectStub): Promise<number | null> =>
  runInDurableObject(stub, (_instance, state) => state.storage.getAlarm());

/** The object dies: memory is gone, and what was not yet durable. */
export const crash = async (stub: DurableObjectStub): Promise<void> => {
  await expect(runInDurableObject(stub, (_instance, state) => state.abort("a crash"))).rejects.toThrow("a crash");
};

/** As if storage had another trace than the one that it was given, which is one row. */
export const alterTrace = async (stub: DurableObjectStub, alter: (bytes: Uint8Array) => Uint8Array): Promise<void> => {
  await runInDurableObject(stub, (_instance, { storage: { sql } }) => {
    const { bytes } = sql.exec<{ bytes: ArrayBuffer }>("SELECT bytes FROM trace").one();
    const altered = alter(new Uint8Array(bytes)).slice();
    sql.exec("UPDATE trace SET bytes = ?, crc32 = ?", altered.buffer, crc32(altered));
  });
  await evictDurableObject(stub);
};

export const rowsOf = (stub: DurableObjectStub, query: string): Promise<Record<string, SqlStorageValue>[]> =>
  runInDurableObject(stub, (_instance, state) => state.storage.sql.exec(query).toArray());

/** What a build owes, as its row says. */
export const storedDebts = async (stub: DurableObjectStub) => {
  const [row] = await rowsOf(stub, "SELECT owed FROM build");
  const owed = JSON.parse(row?.["owed"] as string) as Record<string, { revision: number; tries: number }>;
  return Object.entries(owed).map(([destination, debt]) => ({ destination, ...debt }));
};

export const settings = (change: Partial<RunnerSettings> = {}): RunnerSettings => ({
  ...DEFAULT_RUNNER_SETTINGS,
  description: "a runner",
  ...change,
});

export const registered = async (projectId: number | null, change: Partial<RunnerSettings> = {}) =>
  valueOf(await queueStub(env).registerRunner(settings(change), projectId, {}));

/** A poll that is answered at once: it carries no cursor. */
export const pollOf = (runner: { id: number; epoch: number }, change: Partial<PollRequest> = {}): PollRequest => ({
  token: { id: runner.id, epoch: runner.epoch },
  systemId: null,
  ipAddress: null,
  info: null,
  abilities: LEGACY_ABILITIES,
  cursor: null,
  ...change,
});

export const poll = async (runner: { id: number; epoch: number }, change: Partial<PollRequest> = {}) =>
  valueOf<PollAnswer>(await queueStub(env).poll(pollOf(runner, change)));

/** The number of the build that a poll got, null for none. */
export const buildOf = (answer: PollAnswer): number | null => (answer.kind === "work" ? answer.build.summary.id : null);
