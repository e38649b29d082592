/**
 * The queue: which builds wait, which runners may take them, who waits for work.
 *
 * Its rows are copies of what the builds say; a build's own word always wins. A row changes only where build and revision
 * are what they were. What a crash interrupts is found by the reconciler, which asks the builds themselves.
 */
import { DurableObject } from "cloudflare:workers";
import { settingsOf } from "../settings.ts";
import type { Settings } from "../settings.ts";
import { matchesFilter } from "../core/runner/filter.ts";
import type { RunnerFilter } from "../core/runner/filter.ts";
import { pendingReason } from "../core/runner/matching.ts";
import type { RunnerRef } from "../core/build/build.ts";
import { accept, refuse } from "../core/refusal.ts";
import { isRecent } from "../core/runner/runner.ts";
import type { Outcome } from "../core/refusal.ts";
import type { Runner, RunnerInfo, MachineSummary, RunnerSettings, RunnerSummary } from "../core/runner/runner.ts";
import type { QueueNotice } from "../core/build/summary.ts";
import { EarliestAlarm, runAlarm } from "../storage/alarm.ts";
import { Numbers } from "../storage/numbers.ts";
import { migrate, Sql } from "../storage/sql.ts";
import { directoryStub } from "../stubs.ts";
import { Claims, FAULT_MS, RECONCILE_EVERY_MS } from "./claims.ts";
import { CLAIM_WAIT_BOUNDS_SECONDS, Counters } from "./counters.ts";
import type { QueueMetrics } from "./metrics.ts";
import { Polls } from "./polls.ts";
import type { PollAnswer, PollRequest } from "./polls.ts";
import { PendingGroups } from "./groups.ts";
import { MachineStore } from "./machine-store.ts";
import { Machines } from "./machines.ts";
import type { Caller } from "./machines.ts";
import { Matchmaker } from "./matchmaker.ts";
import { WaitingLine } from "./waiting-line.ts";
import { RunnerRemoval } from "./runner-removal.ts";
import { RunnerStore } from "./runner-store.ts";
import { Runners } from "./runners.ts";
import type { RunnerToken } from "./runners.ts";
import { MIGRATIONS } from "./schema.ts";
import { QueueStore } from "./store.ts";

/** How long the alarm waits after a run that threw. */
const PAUSE_MS = 10_000;

/** Which runner and machine a build names. */
export type RanBy = Pick<RunnerRef, "id" | "manager">;

/** Which part of a list an answer has: an RPC answer must not grow with the list. */
export interface Slice {
  readonly offset: number;
  readonly limit: number;
}

/** `total`: how long the whole list is. */
export interface Part<Item> {
  readonly items: readonly Item[];
  readonly total: number;
}

const withoutFeatures = (runner: RunnerSummary): RunnerSummary => {
  const { features: _features, ...info } = runner.info;
  return { ...runner, info };
};

export class QueueObject extends DurableObject<Env> {
  readonly #settings: Settings;
  readonly #sql: Sql;
  readonly #counters: Counters;
  readonly #store: QueueStore;
  readonly #groups: PendingGroups;
  readonly #runners: Runners;
  readonly #machines: Machines;
  readonly #line = new WaitingLine();
  readonly #matchmaker: Matchmaker;
  readonly #claims: Claims;
  readonly #polls: Polls;
  readonly #removal: RunnerRemoval;
  readonly #numbers: Numbers;
  readonly #alarm: EarliestAlarm;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#settings = settingsOf(env);
    // A claim that the end of an earlier life interrupted keeps its build from everybody until the build is asked.
    this.#alarm = new EarliestAlarm(ctx, () => (this.#store.anyHeld() ? Date.now() + FAULT_MS : null));
    this.#sql = new Sql(ctx.storage);
    this.#counters = new Counters(this.#sql);
    this.#store = new QueueStore(this.#sql, this.#counters);
    this.#groups = new PendingGroups(this.#store);
    const runnerStore = new RunnerStore(this.#sql);
    this.#runners = new Runners(runnerStore);
    this.#machines = new Machines(new MachineStore(this.#sql));
    const parts = {
      env,
      store: this.#store,
      groups: this.#groups,
      runners: this.#runners,
      machines: this.#machines,
      line: this.#line,
      arm: () => this.#arm(),
      armBy: (atMs: number) => this.#alarm.by(atMs),
    };
    const { limits, longPollMs } = this.#settings;
    this.#matchmaker = new Matchmaker({ ...parts, leaseMs: limits.claimLeaseMs });
    this.#claims = new Claims({ ...parts, matchmaker: this.#matchmaker });
    const { claimLeaseMs: patienceMs } = limits;
    this.#polls = new Polls({ ...parts, matchmaker: this.#matchmaker, claims: this.#claims, longPollMs, patienceMs });
    this.#removal = new RunnerRemoval({ ...parts, sql: this.#sql, runnerStore });
    this.#numbers = new Numbers(this.#sql, (kind) => directoryStub(env).leaseNumbers(kind));
    migrate(this.#sql, MIGRATIONS);
    this.#runners.load();
    this.#matchmaker.load();
  }

  /** A runner asks for work. Holds the poll for up to `LONG_POLL_SECONDS` when there is none and its cursor is current. */
  poll(request: PollRequest): Promise<Outcome<PollAnswer>> {
    return this.#polls.serve(request);
  }

  /** A build says how it stands. What is not newer than what is known changes nothing. */
  async notify(notice: QueueNotice): Promise<void> {
    const known = this.#store.find(notice.buildId);
    if (known !== null && known.revision >= notice.revision) return;
    this.#claims.applyNotice(notice, known);
  }

  /** The build is no more. */
  async forgetBuild(buildId: number, runnerId: number | null): Promise<void> {
    const known = this.#store.find(buildId);
    this.#store.removeBuild(buildId, known, runnerId);
    if (known?.state === "pending") this.#groups.removed(known.group_key);
  }

  /** Registers a runner: for one project, or with `projectId` null for all. Errors: `invalid` tags. */
  async registerRunner(
    settings: RunnerSettings,
    projectId: number | null,
    info: RunnerInfo,
    tokenPrefix: Runner["tokenPrefix"] = "",
  ): Promise<Outcome<Runner>> {
    const origin = { projectId, tokenPrefix, info };
    return this.#numbers.with(["runner"], () =>
      this.#runners.register(() => this.#numbers.take("runner"), settings, origin, Date.now()),
    );
  }

  verifyRunner(token: RunnerToken, caller: Caller): Outcome<Runner> {
    const runner = this.#runners.authenticate(token.id, token.epoch);
    if (!runner.ok) return runner;
    const nowMs = Date.now();
    this.#runners.contact(token.id, caller.info, nowMs);
    this.#runners.sawToken(token);
    this.#machines.meet(token.id, caller, nowMs);
    return runner;
  }

  /** A runner gave a sign of life to a build that it holds. One that isn't known any more is no news. */
  async contactRunner(runnerId: number, systemId: string | null): Promise<void> {
    if (this.#runners.get(runnerId) === null) return;
    const nowMs = Date.now();
    this.#runners.contact(runnerId, null, nowMs);
    if (systemId !== null) this.#machines.contact(runnerId, systemId, nowMs);
  }

  /** Removes a runner; the builds that it holds end at once. With `epoch` null the caller is a consumer. */
  removeRunner(id: number, epoch: number | null): Outcome<null> {
    const removed = this.#removal.removeRunner(id, epoch);
    if (removed.ok) this.#line.release(id);
    return removed;
  }

  /** Forgets one machine of a runner; the builds that it holds end at once. */
  removeMachine(token: RunnerToken, systemId: string): Outcome<null> {
    const removed = this.#removal.removeMachine(token, systemId);
    if (removed.ok) this.#polls.dismiss(token.id, systemId);
    return removed;
  }

  /** A slice of the machines of a runner that were heard of in the last week, the newest first. */
  machinesOf(id: number, { offset, limit }: Slice): Outcome<Part<MachineSummary>> {
    const runner = this.#runners.find(id, null);
    if (!runner.ok) return runner;
    const running = this.#store.runningByMachine();
    const machines = this.#machines.ofRunner(id, Date.now());
    const shown = machines.slice(offset, offset + limit);
    const items = shown.map((machine) => ({ ...machine, running: running.get(machine.id) ?? 0 }));
    return accept({ items, total: machines.length });
  }

  /**
   * From here on older tokens are refused and their polls ended; what they run they may still report on. With `epoch` null
   * the caller is a consumer.
   */
  resetToken(id: number, epoch: number | null = null): Outcome<Runner> {
    const reset = this.#runners.resetToken(id, epoch);
    if (reset.ok) this.#line.release(id);
    return reset;
  }

  updateRunner(id: number, change: Partial<RunnerSettings>): Outcome<RunnerSummary> {
    return this.#served(id, this.#runners.update(id, change));
  }

  /** From here on the runner takes this project's builds as well. Errors: `not_found`, `invalid`, `taken`. */
  enableRunner(id: number, projectId: number): Outcome<RunnerSummary> {
    return this.#served(id, this.#runners.enable(id, projectId));
  }

  /** It takes this project's builds no more; what it runs goes on. Errors: `not_found`, `only_project`. */
  disableRunner(id: number, projectId: number): Outcome<null> {
    const disabled = this.#served(id, this.#runners.disable(id, projectId));
    return disabled.ok ? accept(null) : disabled;
  }

  #served(id: number, changed: Outcome<Runner>): Outcome<RunnerSummary> {
    if (!changed.ok) return changed;
    this.#line.release(id);
    this.#matchmaker.offerAll();
    return this.runner(id);
  }

  /** A slice of the runners that pass the filter, the newest first. What they announce (`info.features`) is left out. */
  async listRunners(filter: RunnerFilter, { offset, limit }: Slice): Promise<Part<RunnerSummary>> {
    const nowMs = Date.now();
    const found = this.#summaries().filter((runner) => matchesFilter(runner, filter, nowMs));
    const shown = found.toReversed().slice(offset, offset + limit);
    return { items: shown.map(withoutFeatures), total: found.length };
  }

  runner(id: number): Outcome<RunnerSummary> {
    const runner = this.#runners.get(id);
    if (runner === null) return refuse({ reason: "not_found", what: "runner" });
    const running = this.#store.heldBy(id, null).length;
    return accept(this.#runners.summarize(runner, running, this.#line.isWaiting(id), Date.now()));
  }

  /** The runner and the machine of each of these, null for what is gone. */
  whoRan(
    asked: readonly RanBy[],
  ): { readonly runner: RunnerSummary | null; readonly machine: MachineSummary | null }[] {
    const held = this.#store.runningByRunner();
    const heldByMachine = this.#store.runningByMachine();
    const nowMs = Date.now();
    return asked.map(({ id, manager }) => {
      const runner = this.#runners.get(id);
      const machine = manager === null ? null : this.#machines.find(id, manager.systemId);
      return {
        runner:
          runner &&
          withoutFeatures(this.#runners.summarize(runner, held.get(id) ?? 0, this.#line.isWaiting(id), nowMs)),
        machine: machine && { ...machine, running: heldByMachine.get(machine.id) ?? 0 },
      };
    });
  }

  /** Ids of the last 100 builds of a runner, newest first. */
  runnerBuilds(id: number): Outcome<number[]> {
    if (this.#runners.get(id) === null) return refuse({ reason: "not_found", what: "runner" });
    return accept(this.#store.recentBuilds(id));
  }

  /**
   * Is this build among those of the runner, now or lately? The epoch that claimed it stays good for reports on it, so
   * that resetting a runner's token doesn't cut off what it runs.
   */
  async findRunnerBuild(token: RunnerToken, buildId: number): Promise<Outcome<null>> {
    if (this.#runners.get(token.id) === null) return refuse({ reason: "forbidden" });
    const claimedWith = this.#store.claimEpoch(token.id, buildId);
    const runner = this.#runners.authenticate(token.id, token.epoch);
    if (!runner.ok && claimedWith !== token.epoch) return runner;
    this.#runners.contact(token.id, null, Date.now());
    return claimedWith === null ? refuse({ reason: "not_found", what: "build" }) : accept(null);
  }

  /** Why these builds wait, in words for the person who waits. */
  pendingReasons(builds: readonly { readonly id: number; readonly projectId: number }[]): string[] {
    const nowMs = Date.now();
    const runners = this.#runners.all();
    let running: ReadonlyMap<number, number> | null = null;
    const isOnline = (runner: Runner): boolean =>
      this.#line.isWaiting(runner.id) ||
      isRecent(runner.contactedAtMs, nowMs) ||
      (running ??= this.#store.runningByRunner()).has(runner.id);
    return builds.map(({ id, projectId }) => {
      const row = this.#store.find(id);
      if (row === null) return "the queue has not heard of it yet; it will be told within seconds";
      // Runners of two phases hold a build for a moment before they run it, of which its project isn't told.
      if (row.state === "taken") return `runner ${row.runner_id} is about to run it`;
      const tags = JSON.parse(row.tags) as string[];
      const group = { projectId, tags, refProtected: row.ref_protected === 1 };
      return pendingReason(group, runners, isOnline, this.#matchmaker.allowsInstanceRunners(projectId));
    });
  }

  /** How the queue stands, and what has happened in it so far. */
  async metrics(): Promise<QueueMetrics> {
    return {
      pending: this.#groups.pendingByTags(Date.now()),
      running: this.#store.heldCount(),
      claimWaitBounds: CLAIM_WAIT_BOUNDS_SECONDS,
      claimWaits: this.#counters.claimWaits(),
      finished: this.#counters.finishedCounts(),
      lostClaims: this.#counters.lostClaimCount(),
      runners: this.#countRunners(),
      oldTokens: this.#runners.oldTokens(),
      heldPolls: this.#line.size,
      undelivered: this.#removal.outbox.undelivered(),
    };
  }

  /** May instance runners take this project's builds? */
  async allowInstanceRunners(projectId: number, allowed: boolean): Promise<void> {
    this.#matchmaker.allowInstanceRunners(projectId, allowed);
  }

  /** The project is being removed: from here on nothing of it is handed out. */
  async stopProject(projectId: number): Promise<void> {
    this.#matchmaker.stopProject(projectId);
  }

  /** The project is gone: so are the runners that served nothing else, the others serve it no more. */
  async forgetProject(projectId: number): Promise<void> {
    for (const runner of this.#runners.all()) {
      if (runner.projects?.includes(projectId) !== true) continue;
      if (!this.#runners.disable(runner.id, projectId).ok) this.removeRunner(runner.id, null);
    }
    this.#matchmaker.projectRemoved(projectId);
  }

  #summaries(): RunnerSummary[] {
    const running = this.#store.runningByRunner();
    const waiting = this.#line.waitingRunners();
    const nowMs = Date.now();
    return this.#runners
      .all()
      .map((each) => this.#runners.summarize(each, running.get(each.id) ?? 0, waiting.has(each.id), nowMs));
  }

  #countRunners(): QueueMetrics["runners"] {
    const counts = { online: 0, offline: 0, paused: 0 };
    for (const { online, paused } of this.#summaries()) counts[paused ? "paused" : online ? "online" : "offline"] += 1;
    return counts;
  }

  override async alarm(): Promise<void> {
    this.#alarm.fired();
    const work = async (): Promise<void> => {
      await this.#removal.outbox.deliverDue(Date.now());
      await this.#claims.reconcile();
    };
    await runAlarm({ object: "queue" }, PAUSE_MS, work, (notBeforeMs) => this.#arm(notBeforeMs));
  }

  /** Only while builds are held or messages owed: an idle queue sleeps for nothing. */
  #arm(notBeforeMs: number | null = null): void {
    const times = [this.#removal.outbox.nextDueMs(), this.#store.anyHeld() ? Date.now() + RECONCILE_EVERY_MS : null];
    for (const atMs of times) if (atMs !== null) this.#alarm.by(Math.max(atMs, notBeforeMs ?? 0));
  }
}
