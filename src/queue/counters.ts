/**
 * What has happened to builds so far, counted in the transaction in which a row changes: a crash loses no count and
 * doubles none. One row written per event.
 */
import { boundOf } from "../core/prometheus.ts";
import type { Bucket } from "../core/prometheus.ts";
import type { BuildEnd } from "../core/build/summary.ts";
import type { Sql } from "../storage/sql.ts";
import type { FinishedCount } from "./metrics.ts";
import type { CounterRow } from "./schema.ts";

/** From what a waiting runner notices to what people complain of. */
export const CLAIM_WAIT_BOUNDS_SECONDS = [0.1, 0.5, 1, 5, 15, 30, 60, 300, 900, 3600] as const;

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
    return this.#sql.all<CounterRow>("SELECT * FROM counter WHERE name = :name ORDER BY label", { name });
  }

  #add(name: Counter, label: string, count: number, total: number): void {
    this.#sql.run(
      `INSERT INTO counter (name, label, count, total) VALUES (:name, :label, :count, :total)
       ON CONFLICT (name, label) DO UPDATE SET count = count + excluded.count, total = total + excluded.total`,
      { name, label, count, total },
    );
  }
}
