/** Where an outbox keeps its entries: in a table of its own, or wherever else its owner has a place for them. */
import type { Sql } from "./sql.ts";

export interface OutboxEntry<Message> {
  readonly destination: string;
  readonly revision: number;
  readonly message: Message;
  /** Deliveries that have failed. */
  readonly tries: number;
  /** When the alarm tries again. */
  readonly dueAtMs: number;
}

/** Why an entry will never be delivered. */
export interface DroppedEntry {
  readonly destination: string;
  readonly reason: string;
}

export interface OutboxStore<Message> {
  /** Replaces the entry of the same destination. Call it in the transaction of the change that it tells of, before its writes. */
  put(entry: OutboxEntry<Message>): void;
  find(destination: string): Pick<OutboxEntry<Message>, "revision" | "message" | "tries"> | null;
  /** Of an entry that was acknowledged or withdrawn; one of another revision stays. A restart may bring it back, to be sent once more. */
  remove(destination: string, revision: number): void;
  /** A delivery has failed: one try more. */
  delay(destination: string, dueAtMs: number, error: string): void;
  /** The entry will never be delivered: it is kept with the reason until a newer one replaces it. */
  drop(destination: string, revision: number, reason: string): void;
  nextDueMs(): number | null;
  /** Destinations whose time has come, the longest due first. */
  dueBy(nowMs: number, limit: number): string[];
  /** How many entries have failed at least once and will be tried again. */
  undelivered(): number;
  dropped(): DroppedEntry[];
}

export const OUTBOX_TABLE = `
  CREATE TABLE outbox (
    destination TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    body TEXT NOT NULL,
    tries INTEGER NOT NULL,
    due_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`;

/** A later migration of each object that has the table. `dropped` is 1 for an entry that will never be delivered. */
export const OUTBOX_ERRORS = `
  ALTER TABLE outbox ADD COLUMN last_error TEXT;
  ALTER TABLE outbox ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0`;

interface OutboxRow {
  revision: number;
  body: string;
  tries: number;
}

/** A row per destination. */
export class OutboxTable<Message> implements OutboxStore<Message> {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  put({ destination, revision, message, tries, dueAtMs }: OutboxEntry<Message>): void {
    this.#sql.run(
      `INSERT OR REPLACE INTO outbox (destination, revision, body, tries, due_at_ms)
       VALUES (:destination, :revision, :body, :tries, :due_at_ms)`,
      { destination, revision, body: JSON.stringify(message), tries, due_at_ms: dueAtMs },
    );
  }

  find(destination: string): Pick<OutboxEntry<Message>, "revision" | "message" | "tries"> | null {
    const row = this.#sql.first<OutboxRow>(
      "SELECT revision, body, tries FROM outbox WHERE destination = :destination AND dropped = 0",
      { destination },
    );
    return row && { revision: row.revision, message: JSON.parse(row.body) as Message, tries: row.tries };
  }

  remove(destination: string, revision: number): void {
    this.#sql.run("DELETE FROM outbox WHERE destination = :destination AND revision = :revision", {
      destination,
      revision,
    });
  }

  delay(destination: string, dueAtMs: number, error: string): void {
    this.#sql.run(
      `UPDATE outbox SET tries = tries + 1, due_at_ms = :due_at_ms, last_error = :last_error
       WHERE destination = :destination`,
      { destination, due_at_ms: dueAtMs, last_error: error },
    );
  }

  drop(destination: string, revision: number, reason: string): void {
    this.#sql.run(
      `UPDATE outbox SET dropped = 1, last_error = :last_error
       WHERE destination = :destination AND revision = :revision`,
      { destination, revision, last_error: reason },
    );
  }

  nextDueMs(): number | null {
    const row = this.#sql.first<{ due: number | null }>("SELECT MIN(due_at_ms) AS due FROM outbox WHERE dropped = 0");
    return row?.due ?? null;
  }

  dueBy(nowMs: number, limit: number): string[] {
    const rows = this.#sql.all<{ destination: string }>(
      `SELECT destination FROM outbox WHERE dropped = 0 AND due_at_ms <= :now_ms ORDER BY due_at_ms LIMIT :limit`,
      { now_ms: nowMs, limit },
    );
    return rows.map((row) => row.destination);
  }

  undelivered(): number {
    return this.#sql.first<{ n: number }>("SELECT COUNT(*) AS n FROM outbox WHERE tries > 0 AND dropped = 0")?.n ?? 0;
  }

  dropped(): DroppedEntry[] {
    const rows = this.#sql.all<{ destination: string; last_error: string }>(
      "SELECT destination, last_error FROM outbox WHERE dropped = 1 ORDER BY destination",
    );
    return rows.map((row) => ({ destination: row.destination, reason: row.last_error }));
  }
}
