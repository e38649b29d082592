/** What a project knows of its repository: the refs that builds had, each with its latest build. */
import { readSummary } from "../core/build/stored-spec.ts";
import type { BuildSummary } from "../core/build/summary.ts";
import type { Sql } from "../storage/sql.ts";
import type { IndexRow } from "./schema.ts";

export interface RefQuery {
  readonly kind: "branch" | "tag";
  /** A part of the name, in any case; "" for all. */
  readonly search: string;
  readonly limit: number;
  readonly offset: number;
}

export interface RefList {
  /** By name. */
  readonly latest: readonly BuildSummary[];
  readonly total: number;
}

/** Names beyond this are not counted or listed. */
const MAX_REFS = 10_000;
/** A commit is looked for among so many of the newest builds. */
const MAX_LOOKED_AT = 1000;

/** From one name to the next by the index, however many builds each has. */
const REFS = `
  WITH RECURSIVE each_ref (ref) AS (
    SELECT MIN(ref) FROM build WHERE tag = :tag
    UNION ALL
    SELECT (SELECT MIN(build.ref) FROM build WHERE tag = :tag AND build.ref > each_ref.ref)
    FROM each_ref WHERE each_ref.ref IS NOT NULL
    LIMIT ${MAX_REFS}
  ),
  found AS (SELECT ref FROM each_ref WHERE ref IS NOT NULL AND instr(lower(ref), :search) > 0)`;

export class ProjectRefs {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  list({ kind, search, limit, offset }: RefQuery): RefList {
    const sought = { tag: kind === "tag" ? 1 : 0, search: search.toLowerCase() };
    const page = { ...sought, limit, offset };
    const rows = this.#sql.all<{ ref: string }>(`${REFS} SELECT ref FROM found LIMIT :limit OFFSET :offset`, page);
    const total = this.#sql.first<{ n: number }>(`${REFS} SELECT COUNT(*) AS n FROM found`, sought)?.n ?? 0;
    return { latest: rows.flatMap(({ ref }) => this.latest(kind, ref) ?? []), total };
  }

  /** The latest build of this branch or tag. */
  latest(kind: RefQuery["kind"], ref: string): BuildSummary | null {
    return this.#build("SELECT summary FROM build WHERE tag = :tag AND ref = :ref ORDER BY id DESC LIMIT 1", {
      tag: kind === "tag" ? 1 : 0,
      ref,
    });
  }

  /** The latest build of a branch or tag of this name, or of a commit that begins so. */
  ofCommit(reference: string): BuildSummary | null {
    const named = this.latest("branch", reference) ?? this.latest("tag", reference);
    if (named !== null || !/^[0-9a-f]{7,64}$/i.test(reference)) return named;
    return this.#build(
      `SELECT summary FROM (SELECT id, summary FROM build ORDER BY id DESC LIMIT ${MAX_LOOKED_AT})
       WHERE substr(json_extract(summary, '$.sha'), 1, length(:sha)) = :sha ORDER BY id DESC LIMIT 1`,
      { sha: reference.toLowerCase() },
    );
  }

  /** The latest successful build of this name on this branch or tag. */
  latestSuccess(ref: string, name: string): number | null {
    const row = this.#sql.first<{ id: number }>(
      `SELECT id FROM build WHERE tag IN (0, 1) AND ref = :ref AND name = :name AND status = 'success'
       ORDER BY id DESC LIMIT 1`,
      { ref, name },
    );
    return row?.id ?? null;
  }

  #build(query: string, bindings: Readonly<Record<string, string | number>>): BuildSummary | null {
    const row = this.#sql.first<Pick<IndexRow, "summary">>(query, bindings);
    return row === null ? null : readSummary(row.summary);
  }
}
