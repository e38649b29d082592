/** Builds in each state of the machine, made without any storage. */
import { newBuild } from "../../../src/core/build/build.ts";
import type { Build, RunnerRef } from "../../../src/core/build/build.ts";
import { decide } from "../../../src/core/build/machine.ts";
import type { BuildEvent } from "../../../src/core/build/events.ts";
import type { Verdict } from "../../../src/core/build/rules.ts";

export const T0 = 1_700_000_000_000;
export const TIMEOUT_SECONDS = 3600;

export const runnerRef = (id: number, cancelGracefully = true): RunnerRef => ({
  id,
  epoch: 1,
  description: `runner ${id}`,
  tags: [],
  shared: true,
  cancelGracefully,
  resendsTrace: true,
  manager: null,
  maximumTimeoutSeconds: null,
});

export const claimOf = (build: Build, runner = runnerRef(7), twoPhase = false): BuildEvent => ({
  kind: "claim",
  revision: build.revision,
  runner,
  twoPhase,
});

export const CANCEL: BuildEvent = { kind: "cancel", by: "root", force: false, silentAfterMs: 90_000 };
export const FORCE_CANCEL: BuildEvent = { kind: "cancel", by: "root", force: true, silentAfterMs: 90_000 };
export const FAIL: BuildEvent = { kind: "fail", reason: "script_failure", exitCode: 1 };

/** The build after `events`, each of which must not be refused. */
export const after = (build: Build, ...events: readonly BuildEvent[]): Build =>
  events.reduce((each, event) => next(decide(each, event, T0), each), build);

const next = (verdict: Verdict, before: Build): Build => {
  if (verdict.kind === "refused") throw new Error(`refused: ${verdict.refusal.reason}`);
  return verdict.kind === "same" ? before : verdict.build;
};

const created = newBuild({ id: 1, projectId: 2, pipelineId: 3 }, TIMEOUT_SECONDS, T0);
const pending = after(created, { kind: "enqueue" });
const bound = after(pending, claimOf(pending, runnerRef(7), true));
const running = after(pending, claimOf(pending));

/** `bound` is pending and waits for its runner's word; what is claimed is claimed by runner 7. */
export const BUILDS = {
  created,
  pending,
  bound,
  running,
  canceling: after(running, CANCEL),
  success: after(running, { kind: "succeed" }),
  failed: after(running, FAIL),
  canceled: after(pending, CANCEL),
  skipped: { ...created, status: "skipped" },
  manual: { ...created, status: "manual" },
} as const satisfies Record<string, Build>;

export type Stage = keyof typeof BUILDS;
