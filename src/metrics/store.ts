/** The SQL of what isolates and objects have told. */
import type { Sql } from "../storage/sql.ts";

/** So many answers of this status, which is 400 or more, by this route. */
export interface ErrorCount {
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly count: number;
}

export class MetricsStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  addErrors(counts: readonly ErrorCount[]): void {
    this.#sql.transaction(() => {
      for (const { route, method, status, count } of counts) {
        this.#sql.run(
          `INSERT INTO http_error (route, method, status, count) VALUES (:route, :method, :status, :count)
           ON CONFLICT (route, method, status) DO UPDATE SET count = count + excluded.count`,
          { route, method, status, count },
        );
      }
    });
  }

  errors(): ErrorCount[] {
    return this.#sql.all<{ route: string; method: string; status: number; count: number }>(
      "SELECT route, method, status, count FROM http_error ORDER BY route, method, status",
    );
  }

  putUndelivered(object: string, name: string, messages: number, nowMs: number): void {
    if (messages === 0) this.#sql.run("DELETE FROM backlog WHERE object = :object AND name = :name", { object, name });
    else {
      this.#sql.run(
        "INSERT OR REPLACE INTO backlog (object, name, messages, told_at_ms) VALUES (:object, :name, :messages, :told_at_ms)",
        { object, name, messages, told_at_ms: nowMs },
      );
    }
  }

  dropUndeliveredBefore(ms: number): void {
    this.#sql.run("DELETE FROM backlog WHERE told_at_ms < :told_at_ms", { told_at_ms: ms });
  }

  /** Messages that wait, by kind of object. */
  undelivered(): Map<string, number> {
    const rows = this.#sql.all<{ object: string; n: number }>(
      "SELECT object, SUM(messages) AS n FROM backlog GROUP BY object",
    );
    return new Map(rows.map((row) => [row.object, row.n]));
  }
}
