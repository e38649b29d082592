/**
 * When the build's alarm comes: in time for the first of its deadlines and chores. An alarm that comes early looks, and arms
 * anew, which costs less than a write with each change; so it is never put off, and an append doesn't arm at all.
 */
import type { Build } from "../core/build/build.ts";
import { nextDeadline } from "../core/build/deadlines.ts";
import type { Limits } from "../core/build/deadlines.ts";
import { FIRST_RETRY_MS, LONGEST_RETRY_MS } from "../storage/outbox.ts";
import type { Outbox } from "../storage/outbox.ts";
import type { BuildStore } from "./store.ts";
import type { TraceStore } from "./trace-store.ts";

/** A finished build's trace moves to R2 after this: enough for the runner's last words to have come. */
export const ARCHIVE_AFTER_MS = 15_000;
/** So near to it, the alarm may have come already by another machine's clock. */
const CLOCK_SKEW_MS = 5_000;

export interface AlarmParts {
  readonly storage: DurableObjectStorage;
  readonly store: BuildStore;
  readonly trace: TraceStore;
  readonly outbox: Outbox<null>;
  readonly limits: Limits;
  readonly retentionMs: number | null;
}

export class BuildAlarm {
  readonly #parts: AlarmParts;
  /** Null when it isn't known: an earlier life of the object may have set one. */
  #atMs: number | null = null;

  constructor(parts: AlarmParts) {
    this.#parts = parts;
  }

  load(): void {
    const firstMs = this.#parts.store.firstAlarmAtMs ?? 0;
    if (firstMs > Date.now() + CLOCK_SKEW_MS) this.#atMs = firstMs;
  }

  /** Of a new build. Earlier than need be: a claim that comes before this needs no alarm for its lease. */
  firstAtMs(build: Build, nowMs: number): number {
    return Math.min(nowMs + this.#parts.limits.claimLeaseMs, this.#nextWorkMs(build));
  }

  set(atMs: number): void {
    this.#atMs = atMs;
    // Not awaited: it is part of this turn's writes, and the runtime holds every answer back until they are durable.
    void this.#parts.storage.setAlarm(atMs);
  }

  /** The runtime has taken the alarm away before it calls its handler; `deleteAll` does. */
  gone(): void {
    this.#atMs = null;
  }

  /**
   * `retryAtMs`: after work that failed, which is overdue; without the pause the alarm would come at once, again and again.
   */
  arm(build: Build, retryAtMs: number | null): void {
    const nextMs = retryAtMs ?? Math.min(this.#nextWorkMs(build), this.#parts.outbox.nextDueMs() ?? Infinity);
    const atMs = this.#atMs ?? 0;
    const isInTime = atMs > Date.now() && atMs <= nextMs;
    if (!isInTime && nextMs !== Infinity && nextMs !== atMs) this.set(nextMs);
  }

  /**
   * When to look after a message: when the alarm comes anyway, if that is soon, as most are acknowledged long before. Not so
   * for a build that waits: its deadline must not come before its queue knows of it.
   */
  retryAtMs(build: Build, nowMs: number): number {
    const nextMs = Math.min(this.#nextWorkMs(build), this.#atMs ?? Infinity);
    const waits = build.status === "pending" && build.claim === null;
    return !waits && nextMs > nowMs && nextMs <= nowMs + LONGEST_RETRY_MS ? nextMs : nowMs + FIRST_RETRY_MS;
  }

  /** The same of the first message, for which no alarm is set: a claim may come before its answer. */
  firstRetryAtMs(nowMs: number): number {
    return Math.max(nowMs + FIRST_RETRY_MS, this.#atMs ?? 0);
  }

  /** When the build itself has something to do: a deadline, an artifact, its trace or its end. */
  #nextWorkMs(build: Build): number {
    const { store, trace, limits, retentionMs } = this.#parts;
    const times = [nextDeadline(build, limits)?.atMs, store.nextArtifactDueMs()];
    // Contacts don't arm. Where the limit of silence is shorter than the lease, the first contact brings a deadline that
    // comes before the lease's: the alarm must look by then.
    if (build.status === "running" && build.claim !== null && build.lastContactAtMs === null) {
      const silentAtMs = build.claim.atMs + limits.stuckAfterMs;
      if (silentAtMs > Date.now()) times.push(silentAtMs);
    }
    if (build.finishedAtMs !== null) {
      if (trace.tail.lengthBytes > 0) times.push(build.finishedAtMs + ARCHIVE_AFTER_MS);
      if (retentionMs !== null) times.push(build.finishedAtMs + retentionMs);
    }
    return times.reduce<number>((least, each) => Math.min(least, each ?? Infinity), Infinity);
  }
}
