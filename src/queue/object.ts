/**
 * The queue: which builds wait, which runners may take them, who waits for work.
 *
 * Its rows are copies of what the builds say; a build's own word always wins. A row changes only where build and revision
 * are what they were. What a crash interrupts is found by the reconciler, which asks the builds themselves.
 */
import { DurableObject } from "cloudflare:workers";
import { settingsOf } from "../config.ts";
import type { Env, Settings } from "../config.ts";
import type { RunnerRef } from "../core/build.ts";
import type { ClaimedBuild } from "../core/claimed.ts";
import { firstOf, groupKey, pendingReason, suits } from "../core/matching.ts";
import type { GroupTraits } from "../core/matching.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import type { Runner, RunnerInfo, RunnerSettings, RunnerSummary } from "../core/runner.ts";
import type { QueueNotice } from "../core/summary.ts";
import { Numbers } from "../storage/numbers.ts";
import { Outbox } from "../storage/outbox.ts";
import { hasSchema, migrate, Sql } from "../storage/sql.ts";
import { buildStub, directoryStub } from "../stubs.ts";
import { PendingGroups } from "./groups.ts";
import type { Group } from "./groups.ts";
import { WaitingPolls } from "./polls.ts";
import { Runners } from "./runners.ts";
import { MIGRATIONS } from "./schema.ts";
import type { QueuedRow } from "./schema.ts";
import { QueueStore } from "./store.ts";

/** Who asks, by the claims of a runner's token. */
export interface RunnerToken {
  readonly id: number;
  readonly epoch: number;
}

export interface PollRequest {
  readonly token: RunnerToken;
  /** Tells machines apart that share a token; "" where the dialect has no such thing. */
  readonly systemId: string;
  readonly info: RunnerInfo | null;
  /** What the last answer without work told. Only a current one is held. */
  readonly cursor: string | null;
  readonly twoPhase: boolean;
  readonly cancelGracefully: boolean;
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
/** A held build that said nothing to the queue for so long is asked. */
const OLD_ROW_MS = 600_000;
const RECONCILE_BATCH = 50;
/** A build whose claim broke off stands aside for so long, until it is asked. */
const FAULT_MS = 5_000;
const MOST_FAULTS_PER_POLL = 3;

export class QueueObject extends DurableObject<Env> {
  readonly #settings: Settings;
  readonly #sql: Sql;
  readonly #store: QueueStore;
  readonly #groups: PendingGroups;
  readonly #runners: Runners;
  readonly #polls = new WaitingPolls();
  readonly #outbox: Outbox<Message>;
  readonly #numbers: Numbers;
  /** Cursors of an earlier life of this object are not current. */
  readonly #boot = crypto.randomUUID().slice(0, 8);
  readonly #startedMs = Date.now();
  /** Claims whose call to the build is under way: nobody else may judge their rows. */
  readonly #claiming = new Set<number>();
  readonly #closedProjects = new Set<number>();
  #armedForMs: number | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#settings = settingsOf(env);
    this.#sql = new Sql(ctx.storage);
    this.#store = new QueueStore(this.#sql);
    this.#groups = new PendingGroups(this.#store);
    this.#runners = new Runners(this.#sql);
    this.#numbers = new Numbers(this.#sql, (kind) => directoryStub(env).leaseNumbers(kind));
    this.#outbox = new Outbox(this.#sql, (_destination, { buildId, lostRunner }) =>
      buildStub(env, buildId).loseRunner(lostRunner),
    );
    if (!hasSchema(this.#sql)) migrate(this.#sql, MIGRATIONS);
    else this.#load();
    // The alarm of an earlier life stands: setting it anew each time would put it off for ever.
    void ctx.blockConcurrencyWhile(async () => {
      this.#armedForMs = await ctx.storage.getAlarm();
    });
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
        if (woken) this.#offerAll();
        return asked.ok ? refuse({ reason: "paused" }) : asked;
      }
      const runner = asked.value;
      if (!woken) this.#runners.poll(runner.id, request.info, Date.now());
      const build = await this.#claimNext(runner, request);
      if (build !== null) {
        this.#polls.served(machine, Date.now());
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
    this.#put(notice, known);
  }

  /** The build is no more. */
  async forgetBuild(buildId: number): Promise<void> {
    const known = this.#store.find(buildId);
    this.#store.forget(buildId, known?.runner_id ?? null);
    if (known !== null) this.#groups.refresh(known.group_key);
  }

  /** Registers a runner: for one project, or with `projectId` null for all. Errors: `invalid` tags. */
  async registerRunner(settings: RunnerSettings, projectId: number | null, info: RunnerInfo): Promise<Outcome<Runner>> {
    return this.#numbers.with(["runner"], () =>
      this.#runners.register(this.#numbers.take("runner"), settings, projectId, info, Date.now()),
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
    const nowMs = Date.now();
    const held = this.#store.takenBy(id);
    this.#sql.transaction(() => {
      this.#runners.remove(id);
      // The revision grows, as numbers of runners do: the next runner that this build loses is another message.
      for (const row of held)
        this.#outbox.put(String(row.build_id), id, { buildId: row.build_id, lostRunner: id }, nowMs);
    });
    this.#runners.forget(id);
    this.#polls.release(id);
    this.#arm();
    for (const row of held) void this.#outbox.deliver(String(row.build_id)).then(() => this.#arm());
    return accept(null);
  }

  updateRunner(id: number, change: Partial<RunnerSettings>): Outcome<RunnerSummary> {
    const updated = this.#runners.update(id, change);
    if (!updated.ok) return updated;
    this.#polls.release(id);
    this.#offerAll();
    return this.runner(id);
  }

  runners(): RunnerSummary[] {
    const running = this.#store.runningByRunner();
    const nowMs = Date.now();
    return this.#runners
      .all()
      .map((each) => this.#runners.summarize(each, running.get(each.id) ?? 0, this.#polls.isWaiting(each.id), nowMs));
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
    return groups.map((group) => pendingReason(group, runners, !this.#closedProjects.has(group.projectId)));
  }

  /** May instance runners take this project's builds? */
  async allowInstanceRunners(projectId: number, allowed: boolean): Promise<void> {
    if (allowed) {
      this.#sql.run("DELETE FROM closed_project WHERE project_id = ?", projectId);
      this.#closedProjects.delete(projectId);
      this.#offerAll();
    } else {
      this.#sql.run("INSERT OR IGNORE INTO closed_project (project_id) VALUES (?)", projectId);
      this.#closedProjects.add(projectId);
    }
  }

  /** The project is gone: so are the runners that served nothing else. */
  async forgetProject(projectId: number): Promise<void> {
    for (const runner of this.#runners.all()) {
      if (runner.projects?.length === 1 && runner.projects[0] === projectId) this.removeRunner(runner.id, null);
    }
    await this.allowInstanceRunners(projectId, true);
  }

  override async alarm(): Promise<void> {
    this.#armedForMs = null;
    try {
      await this.#outbox.deliverDue(Date.now());
      await this.#reconcile();
    } catch (error) {
      // Whatever it was, the next alarm tries again: thrown from here, it would end after six times.
      console.error(JSON.stringify({ event: "alarm_failed", object: "queue", error: String(error) }));
    } finally {
      this.#arm();
    }
  }

  /** Picks and claims until a build is claimed or nothing is left that this runner may take. */
  async #claimNext(runner: Runner, request: PollRequest): Promise<ClaimedBuild | null> {
    for (let faults = 0; faults < MOST_FAULTS_PER_POLL;) {
      const row = this.#pick(runner);
      if (row === null) return null;
      const shared = runner.projects === null;
      const taken = this.#store.take(row, { id: runner.id, epoch: runner.epoch, shared }, Date.now());
      const rest = this.#groups.refresh(row.group_key);
      if (!taken) continue;
      // A whole group may have become free at once: each that takes from it has the next in line look.
      if (rest !== null) this.#offer(rest);
      this.#arm();
      const claimed = await this.#claim(row, runner, request);
      if (claimed === "fault") faults++;
      else if (claimed !== "refused") return claimed;
      if (!this.#isGood(request.token)) return null;
    }
    return null;
  }

  /**
   * Asks the build. The row has been taken before: a crash from here on leaves a row that the reconciler finds, and a
   * build that is either still pending or comes back by its lease.
   */
  async #claim(row: QueuedRow, runner: Runner, request: PollRequest): Promise<ClaimedBuild | "refused" | "fault"> {
    const reference: RunnerRef = {
      id: runner.id,
      epoch: runner.epoch,
      description: runner.description,
      tags: runner.tags,
      shared: runner.projects === null,
      cancelGracefully: request.cancelGracefully,
    };
    this.#claiming.add(row.build_id);
    try {
      const claimed = await buildStub(this.env, row.build_id).claim({
        revision: row.revision,
        runner: reference,
        twoPhase: request.twoPhase,
      });
      if (!claimed.ok) {
        await this.#ask(row.build_id);
        return "refused";
      }
      const now = this.#runners.get(runner.id);
      if (now !== null && now.epoch === runner.epoch) return claimed.value;
      // Deleted or reset during the call: its build goes to somebody else.
      await buildStub(this.env, row.build_id).release(claimed.value.summary.attempt);
      return "refused";
    } catch (error) {
      console.error(JSON.stringify({ event: "claim_failed", build: row.build_id, error: String(error) }));
      // Whether it was claimed is unknown: the row stays taken, so that it stops nobody, and the build is asked soon.
      this.#store.asked(row.build_id, row.revision, 0);
      this.#arm(Date.now() + FAULT_MS);
      return "fault";
    } finally {
      this.#claiming.delete(row.build_id);
    }
  }

  #isGood(token: RunnerToken): boolean {
    const runner = this.#runners.authenticate(token.id, token.epoch);
    return runner.ok && !runner.value.paused;
  }

  #pick(runner: Runner): QueuedRow | null {
    const candidates: Group[] = [];
    for (const group of this.#groups.all()) {
      if (this.#suits(runner, group) && !this.#leavesToOthers(runner, group)) candidates.push(group);
    }
    if (candidates.length === 0) return null;
    const running = runner.projects === null ? this.#store.runningByProject() : new Map<number, number>();
    return firstOf(candidates, (projectId) => running.get(projectId) ?? 0)?.head ?? null;
  }

  #suits(runner: Runner, group: GroupTraits): boolean {
    return suits(runner, group, !this.#closedProjects.has(group.projectId));
  }

  /** It lost this build's last claim, and another runner that may take it has asked for work lately. */
  #leavesToOthers(runner: Runner, group: GroupTraits): boolean {
    if (group.avoidRunnerId !== runner.id) return false;
    const sinceMs = Date.now() - this.#settings.limits.claimLeaseMs;
    return this.#runners
      .all()
      .some(
        (other) =>
          other.id !== runner.id &&
          !other.paused &&
          this.#suits(other, group) &&
          (this.#runners.polledAtMs(other.id) >= sinceMs || this.#polls.isWaiting(other.id)),
      );
  }

  /** Stores what a build says of itself, and offers it to those who wait. */
  #put(notice: QueueNotice, known: QueuedRow | null): void {
    if (notice.state === "gone") this.#store.drop(notice.buildId);
    else this.#store.put(notice, known, Date.now());
    if (known !== null) this.#groups.refresh(known.group_key);
    if (notice.state !== "pending") return;
    const group = this.#groups.refresh(groupKey(notice));
    this.#runners.tick((runner) => this.#suits(runner, notice));
    if (group !== null) this.#offer(group);
  }

  #offer(group: Group): void {
    this.#polls.wakeOne((runnerId) => {
      const runner = this.#runners.get(runnerId);
      return runner !== null && !runner.paused && this.#suits(runner, group) && !this.#leavesToOthers(runner, group);
    });
  }

  #offerAll(): void {
    for (const group of this.#groups.all()) this.#offer(group);
  }

  #cursor(runnerId: number): string {
    return `${this.#boot}-${this.#runners.tickOf(runnerId)}`;
  }

  /** Puts the row right by what the build itself says. */
  async #ask(buildId: number): Promise<void> {
    const notice = await buildStub(this.env, buildId).notice(buildId);
    const known = this.#store.find(buildId);
    if (known === null) return;
    const unchanged = known.revision === notice.revision && known.state === notice.state;
    if (unchanged) this.#store.asked(buildId, known.revision, Date.now());
    else if (notice.state === "gone" || notice.revision >= known.revision) this.#put(notice, known);
  }

  /** Asks the builds of rows that are old, or that an earlier life of this object may have left half done. */
  async #reconcile(): Promise<void> {
    const doubtfulMs = Math.max(this.#startedMs, Date.now() - OLD_ROW_MS);
    const rows = this.#store.takenAskedBefore(doubtfulMs, RECONCILE_BATCH);
    await Promise.all(rows.filter((row) => !this.#claiming.has(row.build_id)).map((row) => this.#ask(row.build_id)));
    if (rows.length === RECONCILE_BATCH) this.#arm(Date.now() + FAULT_MS);
  }

  #load(): void {
    migrate(this.#sql, MIGRATIONS);
    this.#runners.load();
    this.#groups.load();
    for (const row of this.#sql.all<{ project_id: number }>("SELECT project_id FROM closed_project")) {
      this.#closedProjects.add(row.project_id);
    }
  }

  /** Only while builds are held or messages owed: an idle queue sleeps for nothing. */
  #arm(soonMs: number | null = null): void {
    const times = [soonMs, this.#outbox.nextDueMs(), this.#store.anyTaken() ? Date.now() + RECONCILE_EVERY_MS : null];
    const next = times.reduce<number>((least, each) => Math.min(least, each ?? Infinity), Infinity);
    if (next === Infinity || (this.#armedForMs !== null && this.#armedForMs <= next)) return;
    this.#armedForMs = next;
    void this.ctx.storage.setAlarm(next);
  }
}
