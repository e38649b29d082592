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
  readonly #leasing = new Map<NumberKind, Promise<void>>();

  constructor(sql: Sql, lease: (kind: NumberKind) => Promise<NumberBlock>) {
    this.#sql = sql;
    this.#lease = lease;
  }

  /** Runs `body` when there is a number of each kind to `take`, with nothing between that look and it. */
  async with<T>(kinds: readonly NumberKind[], body: () => T): Promise<T> {
    // A crowd may use up a block between its arrival and our turn, so we look again until it is so.
    while (kinds.some((kind) => this.#next(kind) === null)) {
      await Promise.all(kinds.map((kind) => this.#refill(kind)));
    }
    return body();
  }

  /** The next number, used up from here on. */
  take(kind: NumberKind): number {
    const next = this.#next(kind);
    if (next === null) throw new Error(`there is no ${kind} number to take`);
    this.#sql.run("UPDATE number_block SET next = next + 1 WHERE kind = :kind", { kind });
    return next;
  }

  #next(kind: NumberKind): number | null {
    const row = this.#sql.first<{ next: number; until: number }>(
      "SELECT next, until FROM number_block WHERE kind = :kind",
      { kind },
    );
    return row !== null && row.next < row.until ? row.next : null;
  }

  /** One lease at a time: whoever comes meanwhile waits for the same block. */
  #refill(kind: NumberKind): Promise<void> {
    if (this.#next(kind) !== null) return Promise.resolve();
    const underWay = this.#leasing.get(kind);
    if (underWay !== undefined) return underWay;
    const lease = this.#lease(kind)
      .then((block) => {
        const { from, until } = block;
        this.#sql.run("INSERT OR REPLACE INTO number_block (kind, next, until) VALUES (:kind, :next, :until)", {
          kind,
          next: from,
          until,
        });
      })
      .finally(() => this.#leasing.delete(kind));
    this.#leasing.set(kind, lease);
    return lease;
  }
}
