/**
 * What the build owes to its queue and its project: word of how it stands. A column of the build's own row, so that a change
 * and what it owes are one write. The row may still name what has been acknowledged since: a restart sends it once more.
 */
import type { Owed, OutboxStore } from "../storage/outbox-store.ts";
import type { Sql } from "../storage/sql.ts";

/** There is nothing to keep of a message: what it says, the build knows when it tells it. */
type Debt = Pick<Owed<null>, "revision" | "tries" | "dueAtMs">;

export class Debts implements OutboxStore<null> {
  readonly #sql: Sql;
  readonly #isWrittenSoon: () => boolean;
  /** By destination; null when only the row knows. */
  #owed: Map<string, Debt> | null = new Map();
  /** What the row says. */
  #stored = "{}";

  /** `isWrittenSoon`: is the build's row going to be written anyway, so that an acknowledgement can wait for that? */
  constructor(sql: Sql, isWrittenSoon: () => boolean) {
    this.#sql = sql;
    this.#isWrittenSoon = isWrittenSoon;
  }

  load(text: string): Map<string, Debt> {
    this.#stored = text;
    this.#owed = new Map(Object.entries(JSON.parse(text) as Record<string, Debt>));
    return this.#owed;
  }

  /** For the column, to which it is about to be written. */
  text(): string {
    this.#stored = JSON.stringify(Object.fromEntries(this.#all()));
    return this.#stored;
  }

  /** Memory must not outlive a transaction that was rolled back. */
  forget(): void {
    this.#owed = null;
  }

  /** Stored with the build's row, which is to be written in the same turn; or only if it can't be delivered, without that. */
  put({ destination, revision, tries, dueAtMs }: Owed<null>): void {
    this.#all().set(destination, { revision, tries, dueAtMs });
  }

  find(destination: string): Pick<Owed<null>, "revision" | "message" | "tries"> | null {
    const debt = this.#all().get(destination);
    return debt === undefined ? null : { ...debt, message: null };
  }

  remove(destination: string, revision: number): void {
    const owed = this.#all();
    const debt = owed.get(destination);
    if (debt?.revision !== revision) return;
    owed.delete(destination);
    if (owed.size > 0 || this.#stored === "{}") return;
    // What its alarm has delivered it would deliver again after each restart.
    if (debt.dueAtMs <= Date.now() || !this.#isWrittenSoon()) this.#write();
  }

  delay(destination: string, dueAtMs: number): void {
    const debt = this.#all().get(destination);
    if (debt === undefined) return;
    this.#all().set(destination, { ...debt, tries: debt.tries + 1, dueAtMs });
    this.#write();
  }

  nextDueMs(): number | null {
    const times = [...this.#all().values()].map(({ dueAtMs }) => dueAtMs);
    return times.length === 0 ? null : Math.min(...times);
  }

  dueBy(nowMs: number): string[] {
    return [...this.#all()].filter(([, { dueAtMs }]) => dueAtMs <= nowMs).map(([destination]) => destination);
  }

  backlog(): number {
    return [...this.#all().values()].filter(({ tries }) => tries > 0).length;
  }

  #all(): Map<string, Debt> {
    return this.#owed ?? this.load(this.#sql.first<{ owed: string }>("SELECT owed FROM build")?.owed ?? "{}");
  }

  #write(): void {
    this.#sql.run("UPDATE build SET owed = ?", this.text());
  }
}
