/** The SQL of a project and of the index of its builds. */
import type { BuildStatus } from "../core/build/build.ts";
import { isFinished } from "../core/build/build.ts";
import type { Project } from "../core/project.ts";
import { readProject, readSummary } from "../core/build/stored-spec.ts";
import type { BuildSummary } from "../core/build/summary.ts";
import type { Sql } from "../storage/sql.ts";
import type { IndexRow, ProjectRow } from "./schema.ts";

/** Past this a list doesn't say how many there are: counting them would cost more than the list. */
const MAX_COUNTED = 10_000;

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

const ALL = "1 = 1";
const WITH_STATUS = "status IN (SELECT value FROM json_each(:statuses))";
/** Lets the small index of unfinished builds answer for the states that people watch. */
const UNFINISHED_WITH_STATUS = `finished = 0 AND ${WITH_STATUS}`;
const ASCENDING = "id > COALESCE(:after, 0) ORDER BY id ASC";
const DESCENDING = "id < COALESCE(:after, 9223372036854775807) ORDER BY id DESC";

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
      `INSERT INTO project (id, project, deleting) VALUES (:id, :project, :deleting)
       ON CONFLICT (id) DO UPDATE SET project = :project, deleting = :deleting`,
      { id: project.id, project: JSON.stringify(project), deleting: deleting ? 1 : 0 },
    );
  }

  ciConfig(): string {
    return this.#sql.first<Pick<ProjectRow, "ci_config">>("SELECT ci_config FROM project")?.ci_config ?? "";
  }

  putCiConfig(text: string): void {
    this.#sql.run("UPDATE project SET ci_config = :text", { text });
  }

  hasBuild(id: number): boolean {
    return this.#sql.first("SELECT 1 FROM build WHERE id = :id", { id }) !== null;
  }

  build(id: number): BuildSummary | null {
    const row = this.#sql.first<IndexRow>("SELECT summary FROM build WHERE id = :id", { id });
    return row === null ? null : readSummary(row.summary);
  }

  addBuild(summary: BuildSummary, idempotency: Idempotency | null): void {
    this.#sql.run(
      `INSERT INTO build (id, status, finished, revision, tag, ref, name, summary, idempotency_key, fingerprint)
       VALUES (:id, :status, :finished, :revision, :tag, :ref, :name, :summary, :idempotency_key, :fingerprint)`,
      {
        id: summary.id,
        tag: summary.tag ? 1 : 0,
        ref: summary.ref,
        name: summary.name,
        status: summary.status,
        finished: isFinished(summary.status) ? 1 : 0,
        revision: summary.revision,
        summary: JSON.stringify(summary),
        idempotency_key: idempotency?.key ?? null,
        fingerprint: idempotency?.fingerprint ?? null,
      },
    );
  }

  /** Takes over what a build says of itself, if that is newer and the build is known. */
  updateBuild(summary: BuildSummary): void {
    this.#sql.run(
      "UPDATE build SET status = :status, finished = :finished, revision = :revision, summary = :summary WHERE id = :id AND revision < :revision",
      {
        status: summary.status,
        finished: isFinished(summary.status) ? 1 : 0,
        revision: summary.revision,
        summary: JSON.stringify(summary),
        id: summary.id,
      },
    );
  }

  removeBuild(id: number): void {
    this.#sql.run("DELETE FROM build WHERE id = :id", { id });
  }

  someBuilds(limit: number): number[] {
    return this.#sql.all<{ id: number }>("SELECT id FROM build LIMIT :limit", { limit }).map((row) => row.id);
  }

  listBuilds({ statuses, ascending, limit, offset, after }: BuildQuery): BuildList {
    const matching = statuses === null ? ALL : statuses.some(isFinished) ? WITH_STATUS : UNFINISHED_WITH_STATUS;
    const sought = { statuses: statuses === null ? null : JSON.stringify(statuses) };
    const rows = this.#sql.all<IndexRow>(
      `SELECT summary FROM build WHERE ${matching} AND ${ascending ? ASCENDING : DESCENDING} LIMIT :limit OFFSET :offset`,
      { ...sought, after, limit: limit + 1, offset },
    );
    const counted = this.#sql.first<{ n: number }>(
      `SELECT COUNT(*) AS n FROM (SELECT 1 FROM build WHERE ${matching} LIMIT :limit)`,
      { ...sought, limit: MAX_COUNTED + 1 },
    );
    const total = counted?.n ?? 0;
    return {
      builds: rows.slice(0, limit).map((row) => readSummary(row.summary)),
      hasMore: rows.length > limit,
      total: total > MAX_COUNTED ? null : total,
    };
  }

  /** 0 when there is none. */
  newestBuild(): number {
    return this.#sql.first<{ id: number | null }>("SELECT MAX(id) AS id FROM build")?.id ?? 0;
  }

  deletionBelow(): number | null {
    return (
      this.#sql.first<Pick<ProjectRow, "deletion_below">>("SELECT deletion_below FROM project")?.deletion_below ?? null
    );
  }

  putDeletionBelow(below: number | null): void {
    this.#sql.run("UPDATE project SET deletion_below = :below", { below });
  }

  /** Those with smaller numbers than `below`, the newest first. */
  buildsWithArtifacts(below: number, limit: number): number[] {
    const rows = this.#sql.all<{ id: number }>(
      `SELECT id FROM build WHERE id < :below AND json_array_length(summary, '$.artifacts') > 0
       ORDER BY id DESC LIMIT :limit`,
      { below, limit },
    );
    return rows.map((row) => row.id);
  }

  buildOfKey(key: string): { fingerprint: string | null; buildId: number } | null {
    const row = this.#sql.first<Pick<IndexRow, "id" | "fingerprint">>(
      "SELECT id, fingerprint FROM build WHERE idempotency_key = :idempotency_key",
      { idempotency_key: key },
    );
    return row === null ? null : { fingerprint: row.fingerprint, buildId: row.id };
  }
}
