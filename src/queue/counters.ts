/**
 * What has happened to builds so far, counted in the transaction in which a row changes: a crash loses no count and
 * doubles none. One row written per event.
 */
import { boundOf } from "../core/prometheus.ts";
import type { Bucket } from "../core/prometheus.ts";
import type { BuildEnd } from "../core/summary.ts";
import type { Sql } from "../storage/sql.ts";
import type { PendingBuilds } from "./groups.ts";
import type { CounterRow } from "./schema.ts";

/** From what a waiting runner notices to what people complain of. */
export const CLAIM_WAIT_BOUNDS_SECONDS = [0.1, 0.5, 1, 5, 15, 30, 60, 300, 900, 3600] as const;

/** `status` is `removed` for a build that was deleted before it ended. */
export interface FinishedCount {
  readonly status: string;
  /** "" but for failed builds. */
  readonly reason: string;
  readonly count: number;
}

export interface QueueMetrics {
  readonly pending: readonly PendingBuilds[];
  /** Builds that runners hold. */
  readonly running: number;
  readonly claimWaitBounds: readonly number[];
  readonly claimWaits: readonly Bucket[];
  readonly finished: readonly FinishedCount[];
  readonly lostClaims: number;
  readonly runners: readonly { readonly online: boolean; readonly paused: boolean }[];
  readonly heldPolls: number;
  /** Messages of the queue itself that could not be delivered. */
  readonly backlog: number;
}

type Counter = "claim_wait_ms" | "finished" | "lost_claim";

export class Counters {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** A runner was found for a build that had been pending for so long. */
  claimed(waitMs: number): void {
    const bound = boundOf(CLAIM_WAIT_BOUNDS_SECONDS, waitMs / 1000);
    this.#add("claim_wait_ms", bound === null ? "" : String(bound), 1, waitMs);
  }

  finished(end: BuildEnd | null): void {
    this.#add("finished", end === null ? "removed" : [end.status, end.failureReason ?? ""].join(" ").trim(), 1, 0);
  }

  lostClaims(count: number): void {
    this.#add("lost_claim", "", count, 0);
  }

  claimWaits(): Bucket[] {
    return this.#rows("claim_wait_ms").map(({ label, count, total }) => ({
      le: label === "" ? null : Number(label),
      count,
      sum: total / 1000,
    }));
  }

  finishedCounts(): FinishedCount[] {
    return this.#rows("finished").map(({ label, count }) => {
      const [status = "", reason = ""] = label.split(" ");
      return { status, reason, count };
    });
  }

  lostClaimCount(): number {
    return this.#rows("lost_claim")[0]?.count ?? 0;
  }

  #rows(name: Counter): CounterRow[] {
    return this.#sql.all<CounterRow>("SELECT * FROM counter WHERE name = ? ORDER BY label", name);
  }

  #add(name: Counter, label: string, count: number, total: number): void {
    this.#sql.run(
      `INSERT INTO counter (name, label, count, total) VALUES (?, ?, ?, ?)
       ON CONFLICT (name, label) DO UPDATE SET count = count + excluded.count, total = total + excluded.total`,
      name,
      label,
      count,
      total,
    );
  }
}
