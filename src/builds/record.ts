/**
 * The state of one build: in memory, in its row, and in what it owes to others. A change, what it implies and its messages
 * are one transaction; memory follows only when that has succeeded. The alarm is armed in the same turn, so that no
 * crash finds a deadline or a message without one.
 */
import type { Abilities } from "../core/runner/abilities.ts";
import { decide } from "../core/build/machine.ts";
import type { BuildEvent } from "../core/build/events.ts";
import type { Audience } from "../core/build/rules.ts";
import type { Build, RunnerRef } from "../core/build/build.ts";
import { isFinished, newBuild } from "../core/build/build.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import type { BuildSpec, ProjectSnapshot } from "../core/build/spec.ts";
import { summarize } from "../core/build/summary.ts";
import type { BuildSummary } from "../core/build/summary.ts";
import { FIRST_RETRY_MS } from "../storage/outbox.ts";
import { waitAtMost } from "../storage/wait-at-most.ts";
import type { Sql } from "../storage/sql.ts";
import { BuildAlarm } from "./alarm.ts";
import type { AlarmParts } from "./alarm.ts";
import { logChange } from "./change-log.ts";

export interface NewBuild {
  readonly id: number;
  readonly spec: BuildSpec;
  readonly project: ProjectSnapshot;
  /** The request that asked for it, for the log alone. */
  readonly requestId?: string | undefined;
}

export const DESTINATIONS = ["queue", "project"] as const;
export type Destination = (typeof DESTINATIONS)[number];

const hears = (destination: Destination, tell: Audience): boolean =>
  tell === destination || tell === "queue and project";

/** So long does an answer wait for the copies elsewhere to follow, so that its reader finds them changed. */
const SETTLE_MS = 1000;

const MINUTE_MS = 60_000;
/** A reader is expected to look again within this. */
const WATCHED_MS = 30_000;
const WATCH_WRITE_MS = 10_000;

export interface RecordParts extends AlarmParts {
  readonly sql: Sql;
  readonly onChange: () => void;
  /** Its runner lives: said at most once a minute, to whoever lists runners. */
  readonly onContact: (runner: RunnerRef) => void;
}

export class BuildRecord {
  readonly #parts: RecordParts;
  #build: Build | null = null;
  /** The last contact that a crash would leave us with. */
  #storedContactMs: number | null = null;
  #storedWatchMs = 0;
  readonly #alarm: BuildAlarm;

  constructor(parts: RecordParts) {
    this.#parts = parts;
    this.#alarm = new BuildAlarm(parts);
  }

  get build(): Build | null {
    return this.#build;
  }

  load(): void {
    const stored = this.#parts.store.build();
    if (stored === null) return;
    const tail = stored.claim === null ? null : this.#parts.trace.tail.atMs;
    const ofThisAttempt = tail !== null && stored.claim !== null && tail >= stored.claim.atMs;
    const lastContactAtMs = ofThisAttempt ? Math.max(stored.lastContactAtMs ?? 0, tail) : stored.lastContactAtMs;
    this.#build = { ...stored, lastContactAtMs };
    this.#storedContactMs = lastContactAtMs;
    this.#storedWatchMs = stored.watchedUntilMs;
    this.#alarm.load();
  }

  create(input: NewBuild, nowMs: number): void {
    const { store, sql } = this.#parts;
    const ids = { id: input.id, pipelineId: input.spec.pipeline.id, projectId: input.project.id };
    const created = newBuild(ids, input.spec.timeoutSeconds, nowMs);
    const enqueue: BuildEvent = { kind: "enqueue" };
    const queued = decide(created, enqueue, nowMs);
    if (queued.kind !== "changed") throw new Error("a new build can always be queued");
    const alarmAtMs = this.#alarm.firstAtMs(queued.build, nowMs);
    sql.transaction(() => {
      store.putSpec(input.id, input.spec, input.project);
      store.putBuild(queued.build, alarmAtMs);
    });
    this.#build = queued.build;
    this.#alarm.set(alarmAtMs);
    this.#parts.onChange();
    logChange(enqueue, created, queued.build, input.requestId);
  }

  /**
   * Tells the queue of a build that may be new to it. Its project asks for this until it has an answer, so nothing is stored
   * of it unless it fails; then the build owes it.
   */
  async introduce(): Promise<void> {
    const { outbox, store } = this.#parts;
    if (this.#build === null) return;
    outbox.put("queue", this.#build.revision, null, this.#alarm.firstRetryAtMs(Date.now()));
    if (!(await outbox.deliver("queue")) && this.#build !== null) {
      // Put anew, as a change that was rolled back meanwhile has taken from memory what wasn't stored.
      outbox.put("queue", this.#build.revision, null, Date.now() + FIRST_RETRY_MS);
      store.putBuild(this.#build);
    }
    this.arm();
  }

  /**
   * Decides, and stores what follows; `alongside` writes what belongs to the same change. `requestId` names the request
   * that wants it in the log; deadlines and messages have none.
   */
  apply(event: BuildEvent, alongside: (() => void) | null = null, requestId?: string): Outcome<Build> {
    const before = this.#build;
    if (before === null) return refuse({ reason: "not_found", what: "build" });
    const nowMs = Date.now();
    const verdict = decide(before, event, nowMs);
    switch (verdict.kind) {
      case "refused":
        return refuse(verdict.refusal);
      case "same":
        return accept(before);
      case "touched":
        if (alongside !== null) this.atomically(alongside);
        this.contact(verdict.build.lastContactAtMs ?? nowMs);
        return accept(verdict.build);
      case "changed":
        this.#change(alongside, () => this.#write(verdict.build, verdict.tell, nowMs));
        this.#follow(verdict.build, verdict.tell);
        logChange(event, before, verdict.build, requestId);
        return accept(verdict.build);
    }
  }

  /** The same for whoever reads the copies elsewhere next: waits for them to follow. */
  async command(
    event: BuildEvent,
    requestId: string | undefined,
    alongside: (() => void) | null = null,
  ): Promise<Outcome<BuildSummary>> {
    const done = this.apply(event, alongside, requestId);
    if (!done.ok) return done;
    await this.settled();
    return this.summary();
  }

  /**
   * A sign of life. A patch has stored it in its own row; one without bytes is written only when the stored one has
   * become old, so that keep-alives cost nothing. The first of an attempt is always written: it ends the claim's lease.
   */
  contact(nowMs: number): void {
    if (this.#build === null) return;
    const { claim, lastContactAtMs } = this.#build;
    // By the clock's minutes, so that it needs no memory of when it was said last.
    const isNewMinute = Math.floor(nowMs / MINUTE_MS) !== Math.floor((lastContactAtMs ?? nowMs) / MINUTE_MS);
    if (claim !== null && isNewMinute) this.#parts.onContact(claim.runner);
    this.#build = { ...this.#build, lastContactAtMs: nowMs };
    const stored = Math.max(this.#storedContactMs ?? 0, this.#contactInTrace(this.#build));
    const { stuckAfterMs, claimLeaseMs } = this.#parts.limits;
    // While it is bound, each contact renews a lease that a restart must know of.
    const limitMs = this.#build.status === "pending" ? Math.min(stuckAfterMs, claimLeaseMs) : stuckAfterMs;
    if (stored > 0 && nowMs - stored <= limitMs / 4) return;
    this.#parts.store.putBuild(this.#build);
    this.#storedContactMs = nowMs;
  }

  /** What the runner of this attempt says that it can do: a claim may have been made before it said so. */
  learn({ cancelGracefully, resendsTrace }: Abilities): void {
    const build = this.#build;
    if (build === null || build.claim === null || isFinished(build.status)) return;
    const { runner } = build.claim;
    if (runner.cancelGracefully === cancelGracefully && runner.resendsTrace === resendsTrace) return;
    this.#build = { ...build, claim: { ...build.claim, runner: { ...runner, cancelGracefully, resendsTrace } } };
    this.#parts.store.putBuild(this.#build);
    this.#storedContactMs = this.#build.lastContactAtMs;
  }

  /** Somebody reads the trace of a build that goes on. Written now and then, so that the mark outlives our memory. */
  watch(nowMs: number): void {
    if (this.#build === null || isFinished(this.#build.status)) return;
    const watchedUntilMs = nowMs + WATCHED_MS;
    this.#build = { ...this.#build, watchedUntilMs };
    if (watchedUntilMs - this.#storedWatchMs <= WATCH_WRITE_MS) return;
    this.#parts.store.putBuild(this.#build);
    this.#storedWatchMs = watchedUntilMs;
    this.#storedContactMs = this.#build.lastContactAtMs;
  }

  summary(): Outcome<BuildSummary> {
    if (this.#build === null) return refuse({ reason: "not_found", what: "build" });
    return accept(this.#summarize(this.#build, Date.now()));
  }

  /** Waits for queue and project to know, up to a second. */
  settled(): Promise<void> {
    return waitAtMost(Promise.all(DESTINATIONS.map((each) => this.#parts.outbox.deliver(each))), SETTLE_MS);
  }

  /** After `deleteAll`: nothing is left to speak of. */
  gone(): void {
    this.#build = null;
    this.#alarm.gone();
    this.#parts.trace.reload();
    this.#parts.store.reload();
    this.#parts.onChange();
  }

  /** The runtime has taken the alarm away before it calls its handler. */
  disarmed(): void {
    this.#alarm.gone();
  }

  /** `retryAtMs`: after work that failed. */
  arm(retryAtMs: number | null = null): void {
    if (this.#build !== null) this.#alarm.arm(this.#build, retryAtMs);
  }

  /** One transaction over record, trace and artifacts: what throws in there leaves neither rows nor memory behind. */
  atomically(body: () => void): void {
    this.#remembering(() => this.#parts.sql.transaction(body));
  }

  /** A change that comes alone is one statement, which needs no transaction of its own: those of a claim are dear. */
  #change(alongside: (() => void) | null, write: () => void): void {
    if (alongside === null) return this.#remembering(write);
    this.atomically(() => {
      alongside();
      write();
    });
  }

  #remembering(body: () => void): void {
    try {
      body();
    } catch (error) {
      this.#parts.trace.reload();
      this.#parts.store.reload();
      throw error;
    }
  }

  #write(build: Build, tell: Audience, nowMs: number): void {
    const { store, outbox } = this.#parts;
    const retryAtMs = this.#alarm.retryAtMs(build, nowMs);
    for (const each of DESTINATIONS) if (hears(each, tell)) outbox.put(each, build.revision, null, retryAtMs);
    store.putBuild(build);
  }

  #follow(build: Build, tell: Audience): void {
    this.#build = build;
    this.#storedContactMs = build.lastContactAtMs;
    this.arm();
    for (const destination of DESTINATIONS) {
      if (hears(destination, tell)) {
        void this.#parts.outbox.deliver(destination).then(() => this.arm());
      }
    }
    this.#parts.onChange();
  }

  #summarize(build: Build, nowMs: number): BuildSummary {
    return summarize(build, this.#parts.store.spec().spec, this.#parts.store.artifactSummaries(nowMs));
  }

  #contactInTrace(build: Build): number {
    const { atMs } = this.#parts.trace.tail;
    return atMs !== null && build.claim !== null && atMs >= build.claim.atMs ? atMs : 0;
  }
}
