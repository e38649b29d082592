/** Which projects and numbers there are: rows and the SQL on them. */
import type { Project, ProjectSettings } from "../core/project.ts";
import { readProject } from "../core/build/stored-spec.ts";
import type { Bindings, Sql } from "../storage/sql.ts";
import type { Migration } from "../storage/sql.ts";

export const DIRECTORY_MIGRATIONS: readonly Migration[] = [
  {
    id: 1,
    name: "tables",
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

export interface ProjectFilter {
  /** A part of path or name, in any case; "" for all. */
  readonly search: string;
  /** Null for all, as in what follows. */
  readonly visibility: Project["visibility"] | null;
  readonly archived: boolean | null;
  /** A project must have all of these, in any case. */
  readonly topics: readonly string[];
  readonly idAfter: number | null;
  readonly idBefore: number | null;
  readonly createdAfterMs: number | null;
  readonly createdBeforeMs: number | null;
}

export interface ProjectQuery extends ProjectFilter {
  readonly orderBy: "id" | "name" | "path";
  readonly ascending: boolean;
  readonly limit: number;
  readonly offset: number;
}

export interface ProjectList {
  readonly projects: readonly Project[];
  readonly total: number;
}

const NAME = "json_extract(project, '$.name')";
const FOUND = `FROM project
  WHERE state = 'active' AND instr(lower(path || ' ' || ${NAME}), :search) > 0
    AND (:visibility IS NULL OR json_extract(project, '$.visibility') = :visibility)
    AND (:archived IS NULL OR coalesce(json_extract(project, '$.archived'), 0) = :archived)
    AND (:id_after IS NULL OR id > :id_after)
    AND (:id_before IS NULL OR id < :id_before)
    AND (:created_after_ms IS NULL OR json_extract(project, '$.createdAtMs') > :created_after_ms)
    AND (:created_before_ms IS NULL OR json_extract(project, '$.createdAtMs') < :created_before_ms)
    AND NOT EXISTS (
      SELECT 1 FROM json_each(:topics) AS asked
      WHERE lower(asked.value) NOT IN (SELECT lower(has.value) FROM json_each(project, '$.topics') AS has)
    )`;

const list = (column: string) => ({
  ascending: `SELECT * ${FOUND} ORDER BY ${column} ASC, id ASC LIMIT :limit OFFSET :offset`,
  descending: `SELECT * ${FOUND} ORDER BY ${column} DESC, id DESC LIMIT :limit OFFSET :offset`,
});
const LISTS = { id: list("id"), name: list(NAME), path: list("path") };

export class DirectoryStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The first of `count` numbers of a kind, which nobody else gets. */
  takeNumbers(kind: string, count: number): number {
    const row = this.#sql.first<{ next: number }>("SELECT next FROM number WHERE kind = :kind", { kind });
    const from = row?.next ?? 1;
    this.#sql.run("INSERT OR REPLACE INTO number (kind, next) VALUES (:kind, :next)", { kind, next: from + count });
    return from;
  }

  byId(id: number): DirectoryRow | null {
    return this.#sql.first<DirectoryRow>("SELECT * FROM project WHERE id = :id", { id });
  }

  byPath(path: string): DirectoryRow | null {
    return this.#sql.first<DirectoryRow>("SELECT * FROM project WHERE path = :path", { path: path.toLowerCase() });
  }

  add(path: string, settings: ProjectSettings, nowMs: number): Project {
    return this.#sql.transaction(() => {
      const row = this.#sql.first<{ id: number }>(
        "INSERT INTO project (path, state, revision, project) VALUES (:path, 'creating', 1, '') RETURNING id",
        { path: path.toLowerCase() },
      );
      if (row === null) throw new Error("INSERT … RETURNING gave no row");
      const project = { ...settings, id: row.id, path, tokenEpoch: 1, revision: 1, createdAtMs: nowMs };
      this.#sql.run("UPDATE project SET project = :project WHERE id = :id", {
        project: JSON.stringify(project),
        id: row.id,
      });
      return project;
    });
  }

  activate(id: number): void {
    this.#sql.run("UPDATE project SET state = 'active' WHERE id = :id AND state = 'creating'", { id });
  }

  /** Takes over what a project says of itself, if that is newer. */
  update(project: Project, deleting: boolean): void {
    this.#sql.run(
      `UPDATE project SET project = :project, revision = :revision, state = :state,
         path = iif(:state = 'deleting', NULL, path)
       WHERE id = :id AND revision < :revision`,
      {
        project: JSON.stringify(project),
        revision: project.revision,
        state: deleting ? "deleting" : "active",
        id: project.id,
      },
    );
  }

  remove(id: number): void {
    this.#sql.run("DELETE FROM project WHERE id = :id", { id });
  }

  list({ orderBy, ascending, limit, offset, ...filter }: ProjectQuery): ProjectList {
    const sought = bindingsOf(filter);
    const rows = this.#sql.all<DirectoryRow>(LISTS[orderBy][ascending ? "ascending" : "descending"], {
      ...sought,
      limit,
      offset,
    });
    const total = this.#sql.first<{ n: number }>(`SELECT COUNT(*) AS n ${FOUND}`, sought)?.n ?? 0;
    return { projects: rows.map((row) => readProject(row.project)), total };
  }
}

const bindingsOf = (filter: ProjectFilter): Bindings => ({
  search: filter.search.toLowerCase(),
  visibility: filter.visibility,
  archived: filter.archived === null ? null : filter.archived ? 1 : 0,
  topics: JSON.stringify(filter.topics),
  id_after: filter.idAfter,
  id_before: filter.idBefore,
  created_after_ms: filter.createdAfterMs,
  created_before_ms: filter.createdBeforeMs,
});
