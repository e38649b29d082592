/** Which projects and numbers there are: rows and the SQL on them. */
import type { Project, ProjectSettings } from "../core/project.ts";
import { readProject } from "../core/build/stored-spec.ts";
import type { Sql } from "../storage/sql.ts";
import type { Migration } from "../storage/sql.ts";

export const DIRECTORY_MIGRATIONS: readonly Migration[] = [
  {
    id: 1,
    sql: `
      CREATE TABLE project (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        path TEXT UNIQUE,
        state TEXT NOT NULL CHECK (state IN ('creating', 'active', 'deleting')),
        revision INTEGER NOT NULL,
        project TEXT NOT NULL
      ) STRICT;
      CREATE TABLE number (
        kind TEXT PRIMARY KEY,
        next INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID`,
  },
];

export interface DirectoryRow {
  id: number;
  /** Lower case, since two paths must not differ by case alone; null from the moment that the project is being deleted. */
  path: string | null;
  /** `creating` until the project's object is known to be there. */
  state: "creating" | "active" | "deleting";
  revision: number;
  /** JSON of `Project`, a copy for lists. */
  project: string;
}

export interface ProjectQuery {
  /** A part of path or name, in any case; "" for all. */
  readonly search: string;
  readonly orderBy: "id" | "name" | "path";
  readonly ascending: boolean;
  readonly limit: number;
  readonly offset: number;
}

export interface ProjectList {
  readonly projects: readonly Project[];
  readonly total: number;
}

export class DirectoryStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The first of `count` numbers of a kind, which nobody else gets. */
  takeNumbers(kind: string, count: number): number {
    const row = this.#sql.first<{ next: number }>("SELECT next FROM number WHERE kind = ?", kind);
    const from = row?.next ?? 1;
    this.#sql.run("INSERT OR REPLACE INTO number (kind, next) VALUES (?, ?)", kind, from + count);
    return from;
  }

  byId(id: number): DirectoryRow | null {
    return this.#sql.first<DirectoryRow>("SELECT * FROM project WHERE id = ?", id);
  }

  byPath(path: string): DirectoryRow | null {
    return this.#sql.first<DirectoryRow>("SELECT * FROM project WHERE path = ?", path.toLowerCase());
  }

  add(path: string, settings: ProjectSettings, nowMs: number): Project {
    return this.#sql.transaction(() => {
      const row = this.#sql.first<{ id: number }>(
        "INSERT INTO project (path, state, revision, project) VALUES (?, 'creating', 1, '') RETURNING id",
        path.toLowerCase(),
      );
      if (row === null) throw new Error("INSERT … RETURNING gave no row");
      const project = { ...settings, id: row.id, path, tokenEpoch: 1, revision: 1, createdAtMs: nowMs };
      this.#sql.run("UPDATE project SET project = ? WHERE id = ?", JSON.stringify(project), row.id);
      return project;
    });
  }

  activate(id: number): void {
    this.#sql.run("UPDATE project SET state = 'active' WHERE id = ? AND state = 'creating'", id);
  }

  /** Takes over what a project says of itself, if that is newer. */
  update(project: Project, deleting: boolean): void {
    this.#sql.run(
      "UPDATE project SET project = ?, revision = ?, state = ?, path = iif(?, NULL, path) WHERE id = ? AND revision < ?",
      JSON.stringify(project),
      project.revision,
      deleting ? "deleting" : "active",
      deleting ? 1 : 0,
      project.id,
      project.revision,
    );
  }

  remove(id: number): void {
    this.#sql.run("DELETE FROM project WHERE id = ?", id);
  }

  list(query: ProjectQuery): ProjectList {
    const matching = "state = 'active' AND instr(lower(path || ' ' || json_extract(project, '$.name')), ?) > 0";
    const search = query.search.toLowerCase();
    const column = { id: "id", name: "json_extract(project, '$.name')", path: "path" }[query.orderBy];
    const direction = query.ascending ? "ASC" : "DESC";
    const rows = this.#sql.all<DirectoryRow>(
      `SELECT * FROM project WHERE ${matching} ORDER BY ${column} ${direction}, id ${direction} LIMIT ? OFFSET ?`,
      search,
      query.limit,
      query.offset,
    );
    const total = this.#sql.first<{ n: number }>(`SELECT COUNT(*) AS n FROM project WHERE ${matching}`, search)?.n ?? 0;
    return { projects: rows.map((row) => readProject(row.project)), total };
  }
}
