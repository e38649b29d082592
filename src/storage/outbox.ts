/**
 * Messages that an object owes to others. A row is written in the transaction of the change it tells of, so that no crash
 * loses it; it is sent at once, and again by alarm until the receiver has acknowledged it. Receivers are idempotent.
 *
 * One row per destination: a newer message replaces an undelivered older one, so a message must say how things are now,
 * not what happened. One is in flight per destination, so none overtakes another.
 */
import type { Sql } from "./sql.ts";

export const OUTBOX_TABLE = `
  CREATE TABLE outbox (
    destination TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    body TEXT NOT NULL,
    tries INTEGER NOT NULL,
    due_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`;

interface OutboxRow {
  destination: string;
  revision: number;
  body: string;
  tries: number;
  due_at_ms: number;
}

/** How long a delivery may take before the alarm looks after it: longer than any that succeeds. */
export const FIRST_RETRY_MS = 10_000;
export const LONGEST_RETRY_MS = 300_000;
/** Of many destinations that wait, so many are served in one go. */
const BATCH = 50;

const retryDelayMs = (tries: number): number => Math.min(FIRST_RETRY_MS * 2 ** tries, LONGEST_RETRY_MS);

export class Outbox<Message> {
  readonly #sql: Sql;
  readonly #send: (destination: string, message: Message) => Promise<void>;
  readonly #tellBacklog: (messages: number) => Promise<void>;
  readonly #sweepsLater: () => boolean;
  readonly #inFlight = new Map<string, Promise<void>>();
  /** By destination, the revision that was acknowledged and whose row is still there. */
  readonly #acknowledged = new Map<string, number>();
  #closed = false;
  #hasToldBacklog = false;

  /**
   * `send` resolves when the receiver has acknowledged. `tellBacklog` hears of undelivered messages after each retry that
   * leaves some, and of 0 after the one that leaves none. `sweepsLater`: will the owner write again soon, and sweep then?
   */
  constructor(
    sql: Sql,
    send: (destination: string, message: Message) => Promise<void>,
    tellBacklog: (messages: number) => Promise<void> = async () => {},
    sweepsLater: () => boolean = () => false,
  ) {
    this.#sql = sql;
    this.#send = send;
    this.#tellBacklog = tellBacklog;
    this.#sweepsLater = sweepsLater;
  }

  /**
   * Call inside the transaction of the change. `revision` grows with each message to the same destination. `retryAtMs`:
   * when the alarm sees to what nobody has acknowledged by then.
   */
  put(destination: string, revision: number, message: Message, retryAtMs: number): void {
    this.#sql.run(
      `INSERT INTO outbox (destination, revision, body, tries, due_at_ms) VALUES (?, ?, ?, 0, ?)
       ON CONFLICT (destination) DO UPDATE SET revision = excluded.revision, body = excluded.body, tries = 0,
         due_at_ms = excluded.due_at_ms`,
      destination,
      revision,
      JSON.stringify(message),
      retryAtMs,
    );
  }

  /**
   * Removes the rows of what was acknowledged. An owner that is about to write anyway, and calls this then, gives the
   * acknowledgement no commit of its own; if it never comes to that, the message is sent once more.
   */
  sweep(): void {
    for (const [destination, revision] of this.#acknowledged) {
      this.#sql.run("DELETE FROM outbox WHERE destination = ? AND revision = ?", destination, revision);
    }
    this.#acknowledged.clear();
  }

  /** Takes back what was not delivered. */
  withdraw(destination: string): void {
    this.#sql.run("DELETE FROM outbox WHERE destination = ?", destination);
  }

  /** When the alarm must look again, null when nothing is owed or will be sent. */
  nextDueMs(): number | null {
    if (this.#closed) return null;
    return this.#sql.first<{ due: number | null }>("SELECT MIN(due_at_ms) AS due FROM outbox")?.due ?? null;
  }

  /** Sends what is owed to `destination` and resolves when it has been acknowledged or has failed; never rejects. */
  deliver(destination: string): Promise<void> {
    const underWay = this.#inFlight.get(destination);
    // A message put meanwhile is sent by the loop of the delivery that is under way.
    if (underWay !== undefined) return underWay;
    const delivery = Promise.resolve().then(() => this.#deliverAll(destination));
    this.#inFlight.set(destination, delivery);
    return delivery;
  }

  /** For the alarm: everything whose time has come. */
  async deliverDue(nowMs: number): Promise<void> {
    const due = this.#sql.all<{ destination: string }>(
      "SELECT destination FROM outbox WHERE due_at_ms <= ? ORDER BY due_at_ms LIMIT ?",
      nowMs,
      BATCH,
    );
    await Promise.all(due.map((row) => this.deliver(row.destination)));
    // Also what was acknowledged before: a row that stayed would have the alarm fire again at once.
    this.sweep();
    const backlog = due.length === 0 && !this.#hasToldBacklog ? null : this.backlog();
    if (backlog === null || (backlog === 0 && !this.#hasToldBacklog)) return;
    this.#hasToldBacklog = backlog > 0;
    await this.#tellBacklog(backlog);
  }

  /** Messages whose delivery has failed, and is to be tried again. */
  backlog(): number {
    return this.#sql.first<{ n: number }>("SELECT COUNT(*) AS n FROM outbox WHERE tries > 0")?.n ?? 0;
  }

  /** Before the storage is deleted: sends nothing more, and waits for what is under way to end. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#inFlight.values());
  }

  async #deliverAll(destination: string): Promise<void> {
    try {
      while (!this.#closed) {
        const row = this.#sql.first<OutboxRow>("SELECT * FROM outbox WHERE destination = ?", destination);
        if (row === null || row.revision === this.#acknowledged.get(destination) || !(await this.#sent(row))) return;
        // Only the message that was acknowledged: a newer one may have taken its place during the call.
        this.#acknowledged.set(destination, row.revision);
        if (!this.#sweepsLater()) this.sweep();
      }
    } finally {
      // In the turn that finds nothing more to send: what is put after it begins a delivery of its own.
      this.#inFlight.delete(destination);
    }
  }

  async #sent({ destination, body, tries }: OutboxRow): Promise<boolean> {
    try {
      await this.#send(destination, JSON.parse(body) as Message);
      return true;
    } catch (error) {
      console.warn(JSON.stringify({ event: "message_delayed", destination, tries, error: String(error) }));
      // A newer message that has taken its place meanwhile has not been tried, but would have met the same.
      this.#sql.run(
        "UPDATE outbox SET tries = tries + 1, due_at_ms = ? WHERE destination = ?",
        Date.now() + retryDelayMs(tries),
        destination,
      );
      return false;
    }
  }
}
