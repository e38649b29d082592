/** What all objects share of SQLite: typed rows, transactions, migrations. */

export type Bindings = readonly SqlStorageValue[];

export class Sql {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** All rows, read before anything else can happen: a cursor kept over an await would see later writes. */
  all<Row extends object>(query: string, ...bindings: Bindings): Row[] {
    return this.#storage.sql.exec(query, ...bindings).toArray() as Row[];
  }

  first<Row extends object>(query: string, ...bindings: Bindings): Row | null {
    return this.all<Row>(query, ...bindings)[0] ?? null;
  }

  /** How many rows a statement wrote, index entries included (what is billed). */
  run(query: string, ...bindings: Bindings): number {
    const cursor = this.#storage.sql.exec(query, ...bindings);
    cursor.toArray();
    return cursor.rowsWritten;
  }

  /** All of it or nothing, also when it throws: without this a throw keeps the writes before it. */
  transaction<T>(body: () => T): T {
    return this.#storage.transactionSync(body);
  }
}

export interface Migration {
  readonly id: number;
  readonly sql: string;
}

/** Null for an object that was never created, or was deleted: it has no tables, and asking for this writes nothing. */
const appliedTo = (sql: Sql): { id: number }[] | null =>
  sql.first("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations'") === null
    ? null
    : sql.all<{ id: number }>("SELECT id FROM migrations ORDER BY id");

/**
 * Applies what is missing of an append-only list. An object of a newer version than this code refuses to start: its rows
 * may mean something that this code doesn't know.
 */
export const migrate = (sql: Sql, migrations: readonly Migration[], applied = appliedTo(sql)): void => {
  for (const [index, row] of (applied ?? []).entries()) {
    if (migrations[index]?.id !== row.id) throw new Error(`storage has migration ${row.id}, this code doesn't know it`);
  }
  const missing = migrations.slice(applied?.length ?? 0);
  if (missing.length === 0) return;
  sql.transaction(() => {
    const create = applied === null ? "CREATE TABLE migrations (id INTEGER PRIMARY KEY) STRICT;" : "";
    // One statement for all of it: a build's object is made once per build, and this is most of its price.
    sql.run(create + missing.map((each) => `${each.sql}; INSERT INTO migrations (id) VALUES (${each.id});`).join(""));
  });
};

/** The same for an object that exists; false, and nothing is written, for one that doesn't. */
export const migrateExisting = (sql: Sql, migrations: readonly Migration[]): boolean => {
  const applied = appliedTo(sql);
  if (applied !== null) migrate(sql, migrations, applied);
  return applied !== null;
};
