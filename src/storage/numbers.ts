/**
 * Numbers of builds, pipelines and runners. An object leases them in blocks from the directory, so that giving one out
 * costs no call; a block, or the rest of one, that a crash loses stays unused.
 */
import type { Sql } from "./sql.ts";

export type NumberKind = "build" | "pipeline" | "runner";

/** `until` is the first number that is not in the block. */
export interface NumberBlock {
  readonly from: number;
  readonly until: number;
}

export const NUMBER_BLOCK_TABLE = `
  CREATE TABLE number_block (
    kind TEXT PRIMARY KEY,
    next INTEGER NOT NULL,
    until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`;

export class Numbers {
  readonly #sql: Sql;
  readonly #lease: (kind: NumberKind) => Promise<NumberBlock>;

  constructor(sql: Sql, lease: (kind: NumberKind) => Promise<NumberBlock>) {
    this.#sql = sql;
    this.#lease = lease;
  }

  /** Makes sure that `take` has one to give. */
  async reserve(kind: NumberKind): Promise<void> {
    if (this.#next(kind) !== null) return;
    const block = await this.#lease(kind);
    // Another call may have got a block meanwhile: the later one wins, the earlier stays unused.
    this.#sql.run(
      "INSERT OR REPLACE INTO number_block (kind, next, until) VALUES (?, ?, ?)",
      kind,
      block.from,
      block.until,
    );
  }

  /** The next number, used up from here on; null when `reserve` has to be called first. */
  take(kind: NumberKind): number | null {
    const next = this.#next(kind);
    if (next !== null) this.#sql.run("UPDATE number_block SET next = next + 1 WHERE kind = ?", kind);
    return next;
  }

  #next(kind: NumberKind): number | null {
    const row = this.#sql.first<{ next: number; until: number }>(
      "SELECT next, until FROM number_block WHERE kind = ?",
      kind,
    );
    return row !== null && row.next < row.until ? row.next : null;
  }
}
