/** Something to attack: builds in several states, runners, projects; who may what with them, and tokens that were good once. */
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { ADMINISTRATOR } from "../../../src/core/principal.ts";
import { tokenKeys } from "../../../src/settings.ts";
import type { Project } from "../../../src/core/project.ts";
import type { TokenClaims } from "../../../src/core/tokens.ts";
import { buildStub, DEFAULT_QUEUE, projectStub, queueStub } from "../../../src/stubs.ts";
import { file, upload } from "../clients/legacy-artifacts.ts";
import {
  claim,
  enqueue,
  newRunner,
  patch,
  REGISTRATION_TOKEN,
  runnersToken,
  runningBuild,
  valueOf,
} from "../clients/legacy-api.ts";
import type { RunningBuild } from "../clients/legacy-api.ts";
import { holdTime, toNextAlarm } from "../objects/objects.ts";

export const ADMIN_TOKEN = "test-admin-token";

/** Of `hello.`, which every running build has. */
export const TRACE_BYTES = 6;

export interface World {
  /** Whose tokens the attacker has; runs, has a trace and an archive. */
  readonly mine: RunningBuild;
  readonly finished: number;
  /** Two pending ones that wait for no runner of ours, and one that was erased. */
  readonly others: readonly number[];
  readonly foreign: RunningBuild;
  readonly runnerIds: readonly number[];
  /** Each good for something. */
  readonly tokens: Readonly<Record<"admin" | "registration" | "project" | "runner" | "build" | "download", string>>;
  /** Good once, for nothing any more. */
  readonly stale: readonly string[];
}

const signed = async (claims: TokenClaims): Promise<string> => tokenKeys(env).sign(claims);

const withContent = async (running: RunningBuild): Promise<RunningBuild> => {
  await patch(running.build, 0, "hello.");
  await upload(running.build, [file("an archive")]);
  return running;
};

/** Its trace is in R2 already, so that it stays as it is. */
const finishedBuild = async (): Promise<RunningBuild> => {
  const running = await withContent(await runningBuild());
  await running.runner.update(running.build.id, "success");
  holdTime();
  await toNextAlarm(buildStub(env, running.build.id));
  vi.useRealTimers();
  return running;
};

/** The claim was lost, and the same runner has the build anew. */
const lostAttempt = async (): Promise<{ readonly id: number; readonly token: string }> => {
  const { runner, build } = await runningBuild();
  await buildStub(env, build.id).release(1);
  await patch(await claim(runner), 0, "hello.");
  return build;
};

const removedRunner = async (project: Project): Promise<string> => {
  const runner = await newRunner(project);
  await runner.unregister();
  return runner.token;
};

const idOf = (runnerToken: string): number => tokenKeys(env).verify(runnerToken)?.id ?? 0;

export const newWorld = async (): Promise<World> => {
  const mine = await withContent(await runningBuild());
  const foreign = await withContent(await runningBuild());
  const finished = await finishedBuild();
  const erased = await finishedBuild();
  valueOf(await buildStub(env, erased.build.id).erase(ADMINISTRATOR));
  const pending = await enqueue(foreign.project, { tags: ["nobody"] });
  const lost = await lostAttempt();

  // A dependant that runs, so that its token for the archive of `mine` is good.
  await enqueue(mine.project, { dependencies: [mine.build.id], tags: ["dependant"] });
  const dependant = await claim(await newRunner(mine.project, { tags: ["dependant"], runUntagged: false }));
  await patch(dependant, 0, "hello.");

  const project = await runnersToken(finished.project);
  valueOf(await projectStub(env, finished.project.id).resetToken());
  const reset = await newRunner(erased.project);
  const resetId = idOf(reset.token);
  valueOf(await queueStub(env).resetToken(resetId));
  // What the old token would get, were it still good.
  const tempting = await enqueue(erased.project);
  const mineId = idOf(mine.runner.token);
  const queue = DEFAULT_QUEUE;
  return {
    mine,
    foreign,
    finished: finished.build.id,
    others: [pending, tempting, erased.build.id],
    runnerIds: [mineId, resetId],
    tokens: {
      admin: ADMIN_TOKEN,
      registration: REGISTRATION_TOKEN,
      project: await runnersToken(mine.project),
      runner: mine.runner.token,
      build: mine.build.token,
      download: dependant.depends_on_builds[0]?.token ?? "",
    },
    stale: [
      project,
      reset.token,
      await removedRunner(mine.project),
      lost.token,
      await signed({ kind: "runner", queue, id: mineId, epoch: 0, prefix: "" }),
      await signed({ kind: "runner", queue, id: 77_777, epoch: 1, prefix: "glrt-" }),
      await signed({ kind: "build", queue, id: mine.build.id, attempt: 2 }),
      await signed({ kind: "project", queue, id: mine.project.id, epoch: 7 }),
      await signed({ kind: "download", queue, id: mine.build.id, dependant: lost.id, attempt: 1 }),
    ],
  };
};
