/** One per deployment. */
import type { Migration } from "../storage/sql.ts";

export const MIGRATIONS: readonly Migration[] = [
  {
    id: 1,
    name: "tables",
    sql: `
      CREATE TABLE http_error (
        route TEXT NOT NULL,
        method TEXT NOT NULL,
        status INTEGER NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (route, method, status)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE backlog (
        object TEXT NOT NULL,
        name TEXT NOT NULL,
        messages INTEGER NOT NULL,
        told_at_ms INTEGER NOT NULL,
        PRIMARY KEY (object, name)
      ) STRICT, WITHOUT ROWID`,
  },
];
