/**
 * The queue: which builds wait, which runners may take them, who waits for work.
 *
 * Its rows are copies of what the builds say; a build's own word always wins. A row changes only where build and revision
 * are what they were. What a crash interrupts is found by the reconciler, which asks the builds themselves.
 */
import { DurableObject } from "cloudflare:workers";
import { settingsOf } from "../config.ts";
import type { Env, Settings } from "../config.ts";
import type { ClaimedBuild } from "../core/claimed.ts";
import { pendingReason } from "../core/matching.ts";
import type { GroupTraits } from "../core/matching.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import type { Runner, RunnerInfo, RunnerSettings, RunnerSummary } from "../core/runner.ts";
import type { QueueNotice } from "../core/summary.ts";
import { EarliestAlarm } from "../storage/alarm.ts";
import { Numbers } from "../storage/numbers.ts";
import { FIRST_RETRY_MS, Outbox } from "../storage/outbox.ts";
import { migrate, Sql } from "../storage/sql.ts";
import { buildStub, directoryStub } from "../stubs.ts";
import { Claims, FAULT_MS } from "./claims.ts";
import type { Abilities } from "./claims.ts";
import { CLAIM_WAIT_BOUNDS_SECONDS, Counters } from "./counters.ts";
import type { QueueMetrics } from "./counters.ts";
import { PendingGroups } from "./groups.ts";
import { Matchmaker } from "./matchmaker.ts";
import { WaitingPolls } from "./polls.ts";
import { RunnerStore } from "./runner-store.ts";
import { Runners } from "./runners.ts";
import { MIGRATIONS } from "./schema.ts";
import { QueueStore } from "./store.ts";

/** Who asks, by the claims of a runner's token. */
export interface RunnerToken {
  readonly id: number;
  readonly epoch: number;
}

export interface PollRequest extends Abilities {
  readonly token: RunnerToken;
  /** Tells machines apart that share a token; "" where the dialect has no such thing. */
  readonly systemId: string;
  readonly info: RunnerInfo | null;
  /** What the last answer without work told. Only a current one is held. */
  readonly cursor: string | null;
  /** For the log alone. */
  readonly requestId?: string | undefined;
}

export type PollAnswer =
  | { readonly kind: "work"; readonly build: ClaimedBuild; readonly runner: Runner }
  | { readonly kind: "nothing"; readonly cursor: string };

interface Message {
  readonly buildId: number;
  readonly lostRunner: number;
}

/** While builds are held, their rows are looked after this often. */
const RECONCILE_EVERY_MS = 60_000;
export class QueueObject extends DurableObject<Env> {
  readonly #settings: Settings;
  readonly #sql: Sql;
  readonly #counters: Counters;
  readonly #store: QueueStore;
  readonly #groups: PendingGroups;
  readonly #runnerStore: RunnerStore;
  readonly #runners: Runners;
  readonly #polls = new WaitingPolls();
  readonly #matchmaker: Matchmaker;
  readonly #claims: Claims;
  readonly #outbox: Outbox<Message>;
  readonly #numbers: Numbers;
  readonly #alarm: EarliestAlarm;
  /** Cursors of an earlier life of this object are not current. */
  readonly #boot = crypto.randomUUID().slice(0, 8);

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#settings = settingsOf(env);
    // A claim that the end of an earlier life interrupted keeps its build from everybody until the build is asked.
    this.#alarm = new EarliestAlarm(ctx, () => (this.#store.anyTaken() ? Date.now() + FAULT_MS : null));
    this.#sql = new Sql(ctx.storage);
    this.#counters = new Counters(this.#sql);
    this.#store = new QueueStore(this.#sql, this.#counters);
    this.#groups = new PendingGroups(this.#store);
    this.#runnerStore = new RunnerStore(this.#sql);
    this.#runners = new Runners(this.#runnerStore);
    const parts = { env, store: this.#store, groups: this.#groups, runners: this.#runners };
    const leaseMs = this.#settings.limits.claimLeaseMs;
    this.#matchmaker = new Matchmaker({ ...parts, polls: this.#polls, leaseMs });
    this.#claims = new Claims({ ...parts, matchmaker: this.#matchmaker, arm: (byMs) => this.#arm(byMs) });
    this.#numbers = new Numbers(this.#sql, (kind) => directoryStub(env).leaseNumbers(kind));
    this.#outbox = new Outbox(this.#sql, (_destination, { buildId, lostRunner }) =>
      buildStub(env, buildId).loseRunner(lostRunner),
    );
    migrate(this.#sql, MIGRATIONS);
    this.#runners.load();
    this.#matchmaker.load();
  }

  /**
   * A runner asks for work. Holds the poll for up to `LONG_POLL_SECONDS` when there is none and its cursor is current.
   * A claimed build whose answer is lost on the way comes back by its lease.
   */
  async poll(request: PollRequest): Promise<Outcome<PollAnswer>> {
    const machine = `${request.token.id}/${request.systemId}`;
    const untilMs = Date.now() + this.#settings.longPollMs;
    for (let woken = false; ; woken = true) {
      const asked = this.#runners.authenticate(request.token.id, request.token.epoch);
      if (!asked.ok || asked.value.paused) {
        // Woken for a build that it must not take now: the next in line may.
        if (woken) this.#matchmaker.offerAll();
        return asked.ok ? refuse({ reason: "paused" }) : asked;
      }
      const runner = asked.value;
      if (!woken) this.#runners.poll(runner.id, request.info, Date.now());
      const build = await this.#claims.next(runner, request, request.requestId);
      if (build !== null) {
        this.#polls.served(machine, Date.now());
        // It may have taken another build than the one it was woken for: that one is still to be had.
        if (woken) this.#matchmaker.offerAll();
        return accept({ kind: "work", build, runner });
      }
      // Paused, reset or deleted while a claim was under way.
      if (!this.#isGood(request.token)) continue;
      // No await from the pick that found nothing to the place in the line: a build that comes now finds this poll.
      const nowMs = Date.now();
      const cursor = this.#cursor(runner.id);
      this.#polls.inVain(machine, nowMs, this.#settings.limits.claimLeaseMs);
      const current = woken || request.cursor === cursor;
      if (!current || nowMs >= untilMs) return accept({ kind: "nothing", cursor });
      await this.#polls.wait(runner.id, machine, untilMs - nowMs);
    }
  }

  /** A build says how it stands. What is not newer than what is known changes nothing. */
  async notify(notice: QueueNotice): Promise<void> {
    const known = this.#store.find(notice.buildId);
    if (known !== null && known.revision >= notice.revision) return;
    this.#claims.put(notice, known);
  }

  /** The build is no more. */
  async forgetBuild(buildId: number, runnerId: number | null): Promise<void> {
    const known = this.#store.find(buildId);
    this.#store.forget(buildId, known, runnerId);
    if (known !== null) this.#groups.refresh(known.group_key);
  }

  /** Registers a runner: for one project, or with `projectId` null for all. Errors: `invalid` tags. */
  async registerRunner(settings: RunnerSettings, projectId: number | null, info: RunnerInfo): Promise<Outcome<Runner>> {
    return this.#numbers.with(["runner"], () =>
      this.#runners.register(() => this.#numbers.take("runner"), settings, projectId, info, Date.now()),
    );
  }

  verifyRunner(token: RunnerToken, info: RunnerInfo | null): Outcome<Runner> {
    const runner = this.#runners.authenticate(token.id, token.epoch);
    if (runner.ok) this.#runners.contact(token.id, info, Date.now());
    return runner;
  }

  /** Removes a runner; the builds that it holds end at once. With `epoch` null the caller is a consumer. */
  removeRunner(id: number, epoch: number | null): Outcome<null> {
    const runner = this.#runners.get(id);
    if (runner === null)
      return refuse(epoch === null ? { reason: "not_found", what: "runner" } : { reason: "forbidden" });
    if (epoch !== null && runner.epoch !== epoch) return refuse({ reason: "stale_token" });
    const retryAtMs = Date.now() + FIRST_RETRY_MS;
    const held = this.#store.takenBy(id);
    this.#sql.transaction(() => {
      this.#runnerStore.remove(id);
      this.#store.forgetRunner(id);
      // The revision grows, as numbers of runners do: the next runner that this build loses is another message.
      for (const row of held)
        this.#outbox.put(String(row.build_id), id, { buildId: row.build_id, lostRunner: id }, retryAtMs);
    });
    this.#runners.forget(id);
    this.#polls.release(id);
    this.#arm();
    for (const row of held) void this.#outbox.deliver(String(row.build_id)).then(() => this.#arm());
    return accept(null);
  }

  /** From here on older tokens are refused and their polls ended; what they run they may still report on. */
  resetToken(id: number): Outcome<Runner> {
    const reset = this.#runners.resetToken(id);
    if (reset.ok) this.#polls.release(id);
    return reset;
  }

  updateRunner(id: number, change: Partial<RunnerSettings>): Outcome<RunnerSummary> {
    const updated = this.#runners.update(id, change);
    if (!updated.ok) return updated;
    this.#polls.release(id);
    this.#matchmaker.offerAll();
    return this.runner(id);
  }

  runners(): RunnerSummary[] {
    const running = this.#store.runningByRunner();
    const waiting = this.#polls.waitingRunners();
    const nowMs = Date.now();
    return this.#runners
      .all()
      .map((each) => this.#runners.summarize(each, running.get(each.id) ?? 0, waiting.has(each.id), nowMs));
  }

  runner(id: number): Outcome<RunnerSummary> {
    const runner = this.runners().find((each) => each.id === id);
    return runner === undefined ? refuse({ reason: "not_found", what: "runner" }) : accept(runner);
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

  /** Why builds like these wait. */
  pendingReasons(groups: readonly Pick<GroupTraits, "projectId" | "tags">[]): string[] {
    const runners = this.runners();
    return groups.map((group) =>
      pendingReason(group, runners, this.#matchmaker.allowsInstanceRunners(group.projectId)),
    );
  }

  /** How the queue stands, and what has happened in it so far. */
  async metrics(): Promise<QueueMetrics> {
    return {
      pending: this.#groups.pendingByTags(Date.now()),
      running: this.#store.takenCount(),
      claimWaitBounds: CLAIM_WAIT_BOUNDS_SECONDS,
      claimWaits: this.#counters.claimWaits(),
      finished: this.#counters.finishedCounts(),
      lostClaims: this.#counters.lostClaimCount(),
      runners: this.runners().map(({ online, paused }) => ({ online, paused })),
      heldPolls: this.#polls.size,
      backlog: this.#outbox.backlog(),
    };
  }

  /** May instance runners take this project's builds? */
  async allowInstanceRunners(projectId: number, allowed: boolean): Promise<void> {
    this.#matchmaker.allowInstanceRunners(projectId, allowed);
  }

  /** The project is gone: so are the runners that served nothing else. */
  async forgetProject(projectId: number): Promise<void> {
    for (const runner of this.#runners.all()) {
      if (runner.projects?.length === 1 && runner.projects[0] === projectId) this.removeRunner(runner.id, null);
    }
    await this.allowInstanceRunners(projectId, true);
  }

  override async alarm(): Promise<void> {
    this.#alarm.fired();
    try {
      await this.#outbox.deliverDue(Date.now());
      await this.#claims.reconcile();
    } catch (error) {
      // Whatever it was, the next alarm tries again: thrown from here, it would end after six times.
      console.error(JSON.stringify({ event: "alarm_failed", object: "queue", error: String(error) }));
    } finally {
      this.#arm();
    }
  }

  #isGood(token: RunnerToken): boolean {
    const runner = this.#runners.authenticate(token.id, token.epoch);
    return runner.ok && !runner.value.paused;
  }

  #cursor(runnerId: number): string {
    return `${this.#boot}-${this.#runners.tickOf(runnerId)}`;
  }

  /** Only while builds are held or messages owed: an idle queue sleeps for nothing. */
  #arm(byMs: number | null = null): void {
    const times = [byMs, this.#outbox.nextDueMs(), this.#store.anyTaken() ? Date.now() + RECONCILE_EVERY_MS : null];
    for (const atMs of times) if (atMs !== null) this.#alarm.by(atMs);
  }
}
