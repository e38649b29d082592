/** What all objects share of SQLite: typed rows, transactions, migrations. */

/** Values by the names that a query uses: `:id` is `{ id: … }`. */
export type Bindings = Readonly<Record<string, SqlStorageValue>>;

interface Prepared {
  /** With `?1`, `?2` … where the names stood. */
  readonly text: string;
  readonly names: readonly string[];
}

/** The runtime binds by position alone. Queries are constants of the code, so this holds one entry for each. */
const prepared = new Map<string, Prepared>();

const prepare = (query: string): Prepared => {
  const known = prepared.get(query);
  if (known !== undefined) return known;
  const names: string[] = [];
  const text = query.replaceAll(/:([a-z]\w*)/gi, (_all, name: string) => {
    if (!names.includes(name)) names.push(name);
    return `?${names.indexOf(name) + 1}`;
  });
  const made = { text, names };
  prepared.set(query, made);
  return made;
};

export class Sql {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** All rows, read before anything else can happen: a cursor kept over an await would see later writes. */
  all<Row extends object>(query: string, bindings: Bindings = {}): Row[] {
    return this.#exec(query, bindings).toArray() as Row[];
  }

  first<Row extends object>(query: string, bindings: Bindings = {}): Row | null {
    return this.all<Row>(query, bindings)[0] ?? null;
  }

  /** How many rows a statement wrote, index entries included (what is billed). */
  run(query: string, bindings: Bindings = {}): number {
    const cursor = this.#exec(query, bindings);
    cursor.toArray();
    return cursor.rowsWritten;
  }

  /** All of it or nothing, also when it throws: without this a throw keeps the writes before it. */
  transaction<T>(body: () => T): T {
    return this.#storage.transactionSync(body);
  }

  #exec(query: string, bindings: Bindings): SqlStorageCursor<Record<string, SqlStorageValue>> {
    const { text, names } = prepare(query);
    const values = names.map((name) => {
      const value = bindings[name];
      if (value === undefined) throw new Error(`the query has no value for :${name}`);
      return value;
    });
    return this.#storage.sql.exec(text, ...values);
  }
}

export interface Migration {
  /** What the database remembers. */
  readonly id: number;
  /** What it does, for people. */
  readonly name: string;
  readonly sql: string;
}

/**
 * Null for an object that was never created, or was deleted: it has no tables, and asking for this writes nothing. Every
 * object that wakes asks, most of them have the table: to try and fail costs less than to look for it first.
 */
const appliedTo = (sql: Sql): { id: number }[] | null => {
  try {
    return sql.all<{ id: number }>("SELECT id FROM migrations ORDER BY id");
  } catch (error) {
    if (String(error).includes("no such table: migrations")) return null;
    throw error;
  }
};

/**
 * Applies what is missing of an append-only list. An object of a newer version than this code refuses to start: its rows
 * may mean something that this code doesn't know. `fresh` makes what all of the list makes, for an object that has nothing.
 */
export const migrate = (
  sql: Sql,
  migrations: readonly Migration[],
  fresh: string = migrations.map((each) => each.sql).join(";"),
): void => {
  const applied = appliedTo(sql);
  if (applied !== null) return migrateFrom(sql, migrations, applied);
  // One statement for all of it: a build's object is made once per build, and this is most of its price.
  const noted = migrations.map(({ id }) => `(${id})`).join(", ");
  const create = "CREATE TABLE migrations (id INTEGER PRIMARY KEY) STRICT";
  sql.transaction(() => sql.run(`${create}; ${fresh}; INSERT INTO migrations (id) VALUES ${noted}`));
};

/** The same for an object that exists; false, and nothing is written, for one that doesn't. */
export const migrateExisting = (sql: Sql, migrations: readonly Migration[]): boolean => {
  const applied = appliedTo(sql);
  if (applied !== null) migrateFrom(sql, migrations, applied);
  return applied !== null;
};

const migrateFrom = (sql: Sql, migrations: readonly Migration[], applied: readonly { id: number }[]): void => {
  for (const [index, row] of applied.entries()) {
    if (migrations[index]?.id !== row.id) throw new Error(`storage has migration ${row.id}, this code doesn't know it`);
  }
  const missing = migrations.slice(applied.length);
  if (missing.length === 0) return;
  sql.transaction(() => {
    sql.run(missing.map((each) => `${each.sql}; INSERT INTO migrations (id) VALUES (${each.id});`).join(""));
  });
};
