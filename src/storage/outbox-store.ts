/** Where an outbox keeps what is owed: in a table of its own, or wherever else its owner has a place for it. */
import type { Sql } from "./sql.ts";

export interface Owed<Message> {
  readonly destination: string;
  readonly revision: number;
  readonly message: Message;
  /** Deliveries that have failed. */
  readonly tries: number;
  /** When the alarm is to try again. */
  readonly dueAtMs: number;
}

export interface OutboxStore<Message> {
  /** Takes the place of what was owed to the same destination. To be called within the change that it tells of, before its writes. */
  put(owed: Owed<Message>): void;
  find(destination: string): Pick<Owed<Message>, "revision" | "message" | "tries"> | null;
  /** What was acknowledged or withdrawn; a message of another revision stays. A restart may bring it back, to be sent once more. */
  remove(destination: string, revision: number): void;
  /** A delivery has failed: one try more. */
  delay(destination: string, dueAtMs: number): void;
  nextDueMs(): number | null;
  /** Destinations whose time has come, the longest due first. */
  dueBy(nowMs: number, limit: number): string[];
  /** How many were tried in vain. */
  backlog(): number;
}

export const OUTBOX_TABLE = `
  CREATE TABLE outbox (
    destination TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    body TEXT NOT NULL,
    tries INTEGER NOT NULL,
    due_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`;

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

  put({ destination, revision, message, tries, dueAtMs }: Owed<Message>): void {
    this.#sql.run(
      "INSERT OR REPLACE INTO outbox (destination, revision, body, tries, due_at_ms) VALUES (?, ?, ?, ?, ?)",
      destination,
      revision,
      JSON.stringify(message),
      tries,
      dueAtMs,
    );
  }

  find(destination: string): Pick<Owed<Message>, "revision" | "message" | "tries"> | null {
    const query = "SELECT revision, body, tries FROM outbox WHERE destination = ?";
    const row = this.#sql.first<OutboxRow>(query, destination);
    return row && { revision: row.revision, message: JSON.parse(row.body) as Message, tries: row.tries };
  }

  remove(destination: string, revision: number): void {
    this.#sql.run("DELETE FROM outbox WHERE destination = ? AND revision = ?", destination, revision);
  }

  delay(destination: string, dueAtMs: number): void {
    this.#sql.run("UPDATE outbox SET tries = tries + 1, due_at_ms = ? WHERE destination = ?", dueAtMs, destination);
  }

  nextDueMs(): number | null {
    return this.#sql.first<{ due: number | null }>("SELECT MIN(due_at_ms) AS due FROM outbox")?.due ?? null;
  }

  dueBy(nowMs: number, limit: number): string[] {
    const query = "SELECT destination FROM outbox WHERE due_at_ms <= ? ORDER BY due_at_ms LIMIT ?";
    return this.#sql.all<{ destination: string }>(query, nowMs, limit).map((row) => row.destination);
  }

  backlog(): number {
    return this.#sql.first<{ n: number }>("SELECT COUNT(*) AS n FROM outbox WHERE tries > 0")?.n ?? 0;
  }
}
