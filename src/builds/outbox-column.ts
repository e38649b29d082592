/**
 * The outbox of a build: word to its queue and its project of how it stands. It is a column of the build's own row, so that
 * a change and what it owes are one write. The row may still name what has been acknowledged since; a restart sends that
 * once more.
 */
import type { DroppedEntry, OutboxEntry, OutboxStore } from "../storage/outbox-table.ts";
import type { Sql } from "../storage/sql.ts";

/** The message itself is not kept: the build knows what it says when it sends it. */
type StoredEntry = Pick<OutboxEntry<null>, "revision" | "tries" | "dueAtMs">;

export class OutboxColumn implements OutboxStore<null> {
  readonly #sql: Sql;
  readonly #isWrittenSoon: () => boolean;
  /** By destination; null when only the row knows. */
  #entries: Map<string, StoredEntry> | null = new Map();
  /** What the row says. */
  #stored = "{}";

  /** `isWrittenSoon`: will the build's row be written anyway, so that an acknowledgement can wait for that? */
  constructor(sql: Sql, isWrittenSoon: () => boolean) {
    this.#sql = sql;
    this.#isWrittenSoon = isWrittenSoon;
  }

  load(text: string): Map<string, StoredEntry> {
    this.#stored = text;
    this.#entries = new Map(Object.entries(JSON.parse(text) as Record<string, StoredEntry>));
    return this.#entries;
  }

  /** For the column, to which it is about to be written. */
  text(): string {
    this.#stored = JSON.stringify(Object.fromEntries(this.#all()));
    return this.#stored;
  }

  /** Drops the copy in memory, which must not outlive a transaction that was rolled back. */
  reload(): void {
    this.#entries = null;
  }

  /** Kept in memory. The caller writes the build's row in the same turn, which stores it. */
  put({ destination, revision, tries, dueAtMs }: OutboxEntry<null>): void {
    this.#all().set(destination, { revision, tries, dueAtMs });
  }

  find(destination: string): Pick<OutboxEntry<null>, "revision" | "message" | "tries"> | null {
    const entry = this.#all().get(destination);
    return entry === undefined ? null : { ...entry, message: null };
  }

  remove(destination: string, revision: number): void {
    const entries = this.#all();
    const entry = entries.get(destination);
    if (entry?.revision !== revision) return;
    entries.delete(destination);
    if (entries.size > 0 || this.#stored === "{}") return;
    // Without this the alarm would deliver it again after each restart.
    if (entry.dueAtMs <= Date.now() || !this.#isWrittenSoon()) this.#write();
  }

  delay(destination: string, dueAtMs: number): void {
    const entry = this.#all().get(destination);
    if (entry === undefined) return;
    this.#all().set(destination, { ...entry, tries: entry.tries + 1, dueAtMs });
    this.#write();
  }

  /** Queue and project never refuse for good, so nothing is kept of an entry that they did. */
  drop(destination: string, revision: number): void {
    this.remove(destination, revision);
  }

  nextDueMs(): number | null {
    const times = [...this.#all().values()].map(({ dueAtMs }) => dueAtMs);
    return times.length === 0 ? null : Math.min(...times);
  }

  dueBy(nowMs: number): string[] {
    return [...this.#all()].filter(([, { dueAtMs }]) => dueAtMs <= nowMs).map(([destination]) => destination);
  }

  undelivered(): number {
    return [...this.#all().values()].filter(({ tries }) => tries > 0).length;
  }

  dropped(): DroppedEntry[] {
    return [];
  }

  #all(): Map<string, StoredEntry> {
    return this.#entries ?? this.load(this.#sql.first<{ owed: string }>("SELECT owed FROM build")?.owed ?? "{}");
  }

  #write(): void {
    this.#sql.run("UPDATE build SET owed = :owed", { owed: this.text() });
  }
}
