/** Which projects there are, and which numbers are taken: one object per deployment. */
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../config.ts";
import type { Project, ProjectSettings } from "../core/project.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import type { NumberBlock, NumberKind } from "../storage/numbers.ts";
import { migrate, Sql } from "../storage/sql.ts";
import type { Migration } from "../storage/sql.ts";
import { projectStub } from "../stubs.ts";

const MIGRATIONS: readonly Migration[] = [
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

interface DirectoryRow {
  id: number;
  /** Lower case, since two paths must not differ by case alone; null from the moment that the project is being deleted. */
  path: string | null;
  /** `creating` until the project's object is known to be there. */
  state: "creating" | "active" | "deleting";
  revision: number;
  /** JSON of `Project`, a copy for lists. */
  project: string;
}

/** Few enough that a small deployment's numbers look natural, enough that leasing them costs nothing. */
const BLOCK = 100;

export interface ProjectList {
  readonly projects: readonly Project[];
  readonly total: number;
}

export class DirectoryObject extends DurableObject<Env> {
  readonly #sql: Sql;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = new Sql(ctx.storage);
    migrate(this.#sql, MIGRATIONS);
  }

  /** Numbers that nobody else gets. */
  async leaseNumbers(kind: NumberKind): Promise<NumberBlock> {
    const row = this.#sql.first<{ next: number }>("SELECT next FROM number WHERE kind = ?", kind);
    const from = row?.next ?? 1;
    this.#sql.run("INSERT OR REPLACE INTO number (kind, next) VALUES (?, ?)", kind, from + BLOCK);
    return { from, until: from + BLOCK };
  }

  /** Errors: `taken` path. A crash on the way leaves a project that the next look at it completes. */
  async createProject(path: string, settings: ProjectSettings): Promise<Outcome<Project>> {
    const taken = this.#sql.first("SELECT 1 FROM project WHERE path = ?", path.toLowerCase());
    if (taken !== null) return refuse({ reason: "taken", field: "path" });
    const project = this.#sql.transaction(() => {
      const row = this.#sql.first<{ id: number }>(
        "INSERT INTO project (path, state, revision, project) VALUES (?, 'creating', 1, '') RETURNING id",
        path.toLowerCase(),
      );
      if (row === null) throw new Error("INSERT … RETURNING gave no row");
      const made = { ...settings, id: row.id, path, tokenEpoch: 1, revision: 1, createdAtMs: Date.now() };
      this.#sql.run("UPDATE project SET project = ? WHERE id = ?", JSON.stringify(made), row.id);
      return made;
    });
    await this.#complete(project);
    return accept(project);
  }

  /** By id, or by full path. */
  async find(reference: number | string): Promise<Outcome<Project>> {
    const row =
      typeof reference === "number"
        ? this.#sql.first<DirectoryRow>("SELECT * FROM project WHERE id = ?", reference)
        : this.#sql.first<DirectoryRow>("SELECT * FROM project WHERE path = ?", reference.toLowerCase());
    if (row === null || row.state === "deleting") return refuse({ reason: "not_found", what: "project" });
    const project = JSON.parse(row.project) as Project;
    if (row.state === "creating") await this.#complete(project);
    return accept(project);
  }

  list(query: { search: string; ascending: boolean; limit: number; offset: number }): ProjectList {
    const matching = "state = 'active' AND instr(lower(path || ' ' || json_extract(project, '$.name')), ?) > 0";
    const search = query.search.toLowerCase();
    const rows = this.#sql.all<DirectoryRow>(
      `SELECT * FROM project WHERE ${matching} ORDER BY id ${query.ascending ? "ASC" : "DESC"} LIMIT ? OFFSET ?`,
      search,
      query.limit,
      query.offset,
    );
    const total = this.#sql.first<{ n: number }>(`SELECT COUNT(*) AS n FROM project WHERE ${matching}`, search)?.n ?? 0;
    return { projects: rows.map((row) => JSON.parse(row.project) as Project), total };
  }

  /** A project says how it is now. While it is being deleted nobody finds it, and its path is free. */
  async describe(project: Project, deleting: boolean): Promise<void> {
    this.#sql.run(
      `UPDATE project SET project = ?, revision = ?, state = ?, path = iif(?, NULL, path) WHERE id = ? AND revision < ?`,
      JSON.stringify(project),
      project.revision,
      deleting ? "deleting" : "active",
      deleting ? 1 : 0,
      project.id,
      project.revision,
    );
  }

  /** The project is no more. */
  async forgetProject(id: number): Promise<void> {
    this.#sql.run("DELETE FROM project WHERE id = ?", id);
  }

  async #complete(project: Project): Promise<void> {
    await projectStub(this.env, project.id).create(project);
    this.#sql.run("UPDATE project SET state = 'active' WHERE id = ? AND state = 'creating'", project.id);
  }
}
