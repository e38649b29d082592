/** The SQL of a project and of the index of its builds. */
import type { BuildStatus } from "../core/build/build.ts";
import { isFinished } from "../core/build/build.ts";
import type { Project } from "../core/project.ts";
import { readProject } from "../core/build/stored-spec.ts";
import type { BuildSummary } from "../core/build/summary.ts";
import type { Sql } from "../storage/sql.ts";
import type { IndexRow, ProjectRow } from "./schema.ts";

/** Past this a list doesn't say how many there are: counting them would cost more than the list. */
const MOST_COUNTED = 10_000;

/** `key` makes a repeated request return the first one's build; `fingerprint` tells a repetition from a reused key. */
export interface Idempotency {
  readonly key: string;
  readonly fingerprint: string;
}

export interface BuildQuery {
  /** Null: all. */
  readonly statuses: readonly BuildStatus[] | null;
  readonly ascending: boolean;
  readonly limit: number;
  readonly offset: number;
  /** Only builds beyond this one, in the order of the list. */
  readonly after: number | null;
}

export interface BuildList {
  readonly builds: readonly BuildSummary[];
  readonly hasMore: boolean;
  /** Null above 10,000. */
  readonly total: number | null;
}

export class ProjectStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  load(): { project: Project; deleting: boolean } | null {
    const row = this.#sql.first<ProjectRow>("SELECT * FROM project");
    return row === null ? null : { project: readProject(row.project), deleting: row.deleting === 1 };
  }

  put(project: Project, deleting: boolean): void {
    this.#sql.run(
      "INSERT OR REPLACE INTO project (id, project, deleting) VALUES (?, ?, ?)",
      project.id,
      JSON.stringify(project),
      deleting ? 1 : 0,
    );
  }

  hasBuild(id: number): boolean {
    return this.#sql.first("SELECT 1 FROM build WHERE id = ?", id) !== null;
  }

  build(id: number): BuildSummary | null {
    const row = this.#sql.first<IndexRow>("SELECT summary FROM build WHERE id = ?", id);
    return row === null ? null : (JSON.parse(row.summary) as BuildSummary);
  }

  addBuild(summary: BuildSummary, idempotency: Idempotency | null): void {
    this.#sql.run(
      `INSERT INTO build (id, status, finished, revision, summary, idempotency_key, fingerprint)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      summary.id,
      summary.status,
      isFinished(summary.status) ? 1 : 0,
      summary.revision,
      JSON.stringify(summary),
      idempotency?.key ?? null,
      idempotency?.fingerprint ?? null,
    );
  }

  /** Takes over what a build says of itself, if that is newer and the build is known. */
  updateBuild(summary: BuildSummary): void {
    this.#sql.run(
      "UPDATE build SET status = ?, finished = ?, revision = ?, summary = ? WHERE id = ? AND revision < ?",
      summary.status,
      isFinished(summary.status) ? 1 : 0,
      summary.revision,
      JSON.stringify(summary),
      summary.id,
      summary.revision,
    );
  }

  removeBuild(id: number): void {
    this.#sql.run("DELETE FROM build WHERE id = ?", id);
  }

  someBuilds(limit: number): number[] {
    return this.#sql.all<{ id: number }>("SELECT id FROM build LIMIT ?", limit).map((row) => row.id);
  }

  listBuilds(query: BuildQuery): BuildList {
    const conditions = ["1 = 1"];
    const bindings: (string | number)[] = [];
    if (query.statuses !== null) {
      conditions.push(`status IN (${query.statuses.map(() => "?").join(", ")})`);
      bindings.push(...query.statuses);
      // Lets the small index of unfinished builds answer for the states that people watch.
      if (!query.statuses.some(isFinished)) conditions.push("finished = 0");
    }
    const matching = conditions.join(" AND ");
    const order = query.ascending ? "ASC" : "DESC";
    const beyond = query.after === null ? "" : `AND id ${query.ascending ? ">" : "<"} ${query.after}`;
    const rows = this.#sql.all<IndexRow>(
      `SELECT summary FROM build WHERE ${matching} ${beyond} ORDER BY id ${order} LIMIT ? OFFSET ?`,
      ...bindings,
      query.limit + 1,
      query.offset,
    );
    const counted = this.#sql.first<{ n: number }>(
      `SELECT COUNT(*) AS n FROM (SELECT 1 FROM build WHERE ${matching} LIMIT ?)`,
      ...bindings,
      MOST_COUNTED + 1,
    );
    const total = counted?.n ?? 0;
    return {
      builds: rows.slice(0, query.limit).map((row) => JSON.parse(row.summary) as BuildSummary),
      hasMore: rows.length > query.limit,
      total: total > MOST_COUNTED ? null : total,
    };
  }

  buildOfKey(key: string): { fingerprint: string | null; buildId: number } | null {
    const row = this.#sql.first<Pick<IndexRow, "id" | "fingerprint">>(
      "SELECT id, fingerprint FROM build WHERE idempotency_key = ?",
      key,
    );
    return row === null ? null : { fingerprint: row.fingerprint, buildId: row.id };
  }
}
