/** The SQL of the queue's rows: pending and taken builds, and the last builds of each runner. */
import { groupKey } from "../core/runner/matching.ts";
import type { GroupTraits } from "../core/runner/matching.ts";
import type { QueueNotice } from "../core/build/summary.ts";
import type { Sql } from "../storage/sql.ts";
import type { Counters } from "./counters.ts";
import { arrivedMs } from "./schema.ts";
import type { QueuedRow, RunnerBuildRow } from "./schema.ts";

/** So many builds of a runner are remembered, for its late reports and for `GET /runners/:id/jobs`. */
const REMEMBERED_BUILDS = 100;

/** Who takes a build. */
export interface Holder {
  readonly runnerId: number;
  readonly epoch: number;
  /** Which machine, where the runner tells. */
  readonly machineId: number | null;
  /** An instance runner. */
  readonly shared: boolean;
}

export class QueueStore {
  readonly #sql: Sql;
  readonly #counters: Counters;
  #lastPosition = 0;

  constructor(sql: Sql, counters: Counters) {
    this.#sql = sql;
    this.#counters = counters;
  }

  find(buildId: number): QueuedRow | null {
    return this.#sql.first<QueuedRow>("SELECT * FROM build WHERE build_id = :build_id", { build_id: buildId });
  }

  headOf(key: string): QueuedRow | null {
    return this.#sql.first<QueuedRow>(
      "SELECT * FROM build WHERE state = 'pending' AND group_key = :group_key ORDER BY position LIMIT 1",
      { group_key: key },
    );
  }

  /** Puts a build where its notice says that it stands; one that comes back keeps its place. */
  put(notice: QueueNotice, known: QueuedRow | null, nowMs: number): void {
    this.#sql.transaction(() => {
      this.#countLostClaims(notice, known);
      this.#put(notice, known, nowMs);
    });
  }

  /** Forgets a build that has ended, or is no more. */
  end(notice: QueueNotice, known: QueuedRow): void {
    this.#sql.transaction(() => {
      this.#countLostClaims(notice, known);
      this.#drop(known.build_id);
      this.#counters.finished(notice.end);
    });
  }

  #countLostClaims(notice: QueueNotice, known: QueuedRow | null): void {
    const lost = known === null ? 0 : notice.lostClaims - known.lost_claims;
    if (lost > 0) this.#counters.lostClaims(lost);
  }

  #put(notice: QueueNotice, known: QueuedRow | null, nowMs: number): void {
    const group: GroupTraits = {
      projectId: notice.projectId,
      tags: notice.tags,
      refProtected: notice.refProtected,
      avoidRunnerId: notice.avoidRunnerId,
    };
    this.#sql.run(
      `INSERT OR REPLACE INTO build (build_id, project_id, revision, state, group_key, tags, avoid_runner_id, position,
         runner_id, runner_epoch, shared, asked_at_ms, lost_claims, ref_protected, manager_id)
       VALUES (:build_id, :project_id, :revision, :state, :group_key, :tags, :avoid_runner_id, :position, :runner_id, :runner_epoch, :shared, :asked_at_ms, :lost_claims, :ref_protected, :manager_id)`,
      {
        build_id: notice.buildId,
        project_id: notice.projectId,
        revision: notice.revision,
        state: notice.state === "pending" ? "pending" : "taken",
        group_key: groupKey(group),
        tags: JSON.stringify(notice.tags),
        avoid_runner_id: notice.avoidRunnerId,
        position: known?.position ?? this.#nextPosition(nowMs),
        runner_id: notice.state === "pending" ? null : notice.runnerId,
        runner_epoch: notice.state === "pending" ? null : (known?.runner_epoch ?? null),
        shared: known?.shared ?? 0,
        asked_at_ms: nowMs,
        lost_claims: notice.lostClaims,
        ref_protected: notice.refProtected ? 1 : 0,
        manager_id: notice.machineId,
      },
    );
  }

  /** Marks a pending build as held, before the build itself is asked. False if it is no longer as it was picked. */
  hold(row: QueuedRow, holder: Holder, nowMs: number): boolean {
    return this.#sql.transaction(() => {
      const taken = this.#sql.all(
        `UPDATE build SET state = 'taken', runner_id = :runner_id, runner_epoch = :runner_epoch, manager_id = :manager_id, shared = :shared, asked_at_ms = :asked_at_ms
         WHERE build_id = :build_id AND revision = :revision AND state = 'pending' RETURNING build_id`,
        {
          runner_id: holder.runnerId,
          runner_epoch: holder.epoch,
          manager_id: holder.machineId,
          shared: holder.shared ? 1 : 0,
          asked_at_ms: nowMs,
          build_id: row.build_id,
          revision: row.revision,
        },
      );
      if (taken.length === 0) return false;
      this.#counters.claimed(Math.max(0, nowMs - arrivedMs(row)));
      this.#remember(holder, row.build_id);
      return true;
    });
  }

  #drop(buildId: number): void {
    this.#sql.run("DELETE FROM build WHERE build_id = :build_id", { build_id: buildId });
  }

  /** `known`: its row, which it has if it was removed before it ended. `runnerId`: who ran it last. */
  removeBuild(buildId: number, known: QueuedRow | null, runnerId: number | null): void {
    this.#sql.transaction(() => {
      if (known !== null) {
        this.#drop(buildId);
        this.#counters.finished(null);
      }
      if (runnerId === null) return;
      this.#sql.run("DELETE FROM runner_build WHERE runner_id = :runner_id AND build_id = :build_id", {
        runner_id: runnerId,
        build_id: buildId,
      });
    });
  }

  heldCount(): number {
    return (
      this.#sql.first<{ n: number }>("SELECT COUNT(*) AS n FROM build INDEXED BY taken_build WHERE state = 'taken'")
        ?.n ?? 0
    );
  }

  /** Of each group how many builds wait; read from the index alone, but all of it. */
  pendingByGroup(): { groupKey: string; builds: number }[] {
    const rows = this.#sql.all<{ group_key: string; n: number }>(
      "SELECT group_key, COUNT(*) AS n FROM build INDEXED BY pending_build WHERE state = 'pending' GROUP BY group_key",
    );
    return rows.map((row) => ({ groupKey: row.group_key, builds: row.n }));
  }

  pendingIn(groupKey: string): number {
    const query =
      "SELECT COUNT(*) AS n FROM build INDEXED BY pending_build WHERE state = 'pending' AND group_key = :group_key";
    return this.#sql.first<{ n: number }>(query, { group_key: groupKey })?.n ?? 0;
  }

  /** Builds that instance runners hold, by project: counted from rows each time, so it can't drift. */
  runningByProject(): Map<number, number> {
    const rows = this.#sql.all<{ project_id: number; n: number }>(
      "SELECT project_id, COUNT(*) AS n FROM build INDEXED BY taken_build WHERE state = 'taken' AND shared = 1 GROUP BY project_id",
    );
    return new Map(rows.map((row) => [row.project_id, row.n]));
  }

  runningByMachine(): Map<number, number> {
    const rows = this.#sql.all<{ manager_id: number; n: number }>(
      "SELECT manager_id, COUNT(*) AS n FROM build INDEXED BY taken_build WHERE state = 'taken' AND manager_id IS NOT NULL GROUP BY manager_id",
    );
    return new Map(rows.map((row) => [row.manager_id, row.n]));
  }

  runningByRunner(): Map<number, number> {
    const rows = this.#sql.all<{ runner_id: number; n: number }>(
      "SELECT runner_id, COUNT(*) AS n FROM build INDEXED BY taken_build WHERE state = 'taken' AND runner_id IS NOT NULL GROUP BY runner_id",
    );
    return new Map(rows.map((row) => [row.runner_id, row.n]));
  }

  /** What a runner holds; with a manager what that machine of it does. */
  heldBy(runnerId: number, machineId: number | null): QueuedRow[] {
    return this.#sql.all<QueuedRow>(
      `SELECT * FROM build INDEXED BY taken_build
       WHERE state = 'taken' AND runner_id = :runner_id AND manager_id IS COALESCE(:manager_id, manager_id)`,
      { runner_id: runnerId, manager_id: machineId },
    );
  }

  /** Held builds that nobody has asked since `beforeMs`; the last taken first, as a crash leaves those half done. */
  heldAskedBefore(beforeMs: number, limit: number): QueuedRow[] {
    return this.#sql.all<QueuedRow>(
      "SELECT * FROM build INDEXED BY taken_build WHERE state = 'taken' AND asked_at_ms < :asked_at_ms ORDER BY asked_at_ms DESC LIMIT :limit",
      { asked_at_ms: beforeMs, limit },
    );
  }

  anyHeld(): boolean {
    return this.#sql.first("SELECT 1 FROM build INDEXED BY taken_build WHERE state = 'taken' LIMIT 1") !== null;
  }

  asked(buildId: number, revision: number, nowMs: number): void {
    this.#sql.run("UPDATE build SET asked_at_ms = :asked_at_ms WHERE build_id = :build_id AND revision = :revision", {
      asked_at_ms: nowMs,
      build_id: buildId,
      revision,
    });
  }

  /** The epoch with which the runner claimed this build, if it holds it or it is among the last of it. */
  claimEpoch(runnerId: number, buildId: number): number | null {
    // A long build may outlive the memory of the many short ones that came after it.
    const held = this.find(buildId);
    if (held?.state === "taken" && held.runner_id === runnerId && held.runner_epoch !== null) return held.runner_epoch;
    const row = this.#sql.first<{ runner_epoch: number }>(
      "SELECT runner_epoch FROM runner_build WHERE runner_id = :runner_id AND build_id = :build_id ORDER BY position DESC LIMIT 1",
      { runner_id: runnerId, build_id: buildId },
    );
    return row?.runner_epoch ?? null;
  }

  recentBuilds(runnerId: number): number[] {
    const rows = this.#sql.all<{ build_id: number }>(
      "SELECT build_id FROM runner_build WHERE runner_id = :runner_id ORDER BY position DESC",
      { runner_id: runnerId },
    );
    return [...new Set(rows.map((row) => row.build_id))];
  }

  /** Projects that instance runners don't serve. */
  closedProjects(): number[] {
    return this.#sql.all<{ project_id: number }>("SELECT project_id FROM closed_project").map((row) => row.project_id);
  }

  closeProject(projectId: number): void {
    this.#sql.run("INSERT OR IGNORE INTO closed_project (project_id) VALUES (:project_id)", { project_id: projectId });
  }

  openProject(projectId: number): void {
    this.#sql.run("DELETE FROM closed_project WHERE project_id = :project_id", { project_id: projectId });
  }

  /** Projects that are being removed. */
  stoppedProjects(): number[] {
    return this.#sql.all<{ project_id: number }>("SELECT project_id FROM stopped_project").map((row) => row.project_id);
  }

  stopProject(projectId: number): void {
    this.#sql.run("INSERT OR IGNORE INTO stopped_project (project_id) VALUES (:project_id)", { project_id: projectId });
  }

  /** Nothing of the project is left. */
  removeProject(projectId: number): void {
    this.#sql.transaction(() => {
      this.openProject(projectId);
      this.#sql.run("DELETE FROM stopped_project WHERE project_id = :project_id", { project_id: projectId });
    });
  }

  removeRunner(runnerId: number): void {
    this.#sql.run("DELETE FROM runner_build WHERE runner_id = :runner_id", { runner_id: runnerId });
  }

  /** Numbered by what is there and not by the clock, which may stand still or go back from one life of the object to the next. */
  #remember({ runnerId, epoch }: Holder, buildId: number): void {
    const added = this.#sql.first<Pick<RunnerBuildRow, "position">>(
      `INSERT INTO runner_build (runner_id, position, build_id, runner_epoch)
       SELECT :runner_id, COALESCE(MAX(position), 0) + 1, :build_id, :runner_epoch FROM runner_build
       WHERE runner_id = :runner_id RETURNING position`,
      { runner_id: runnerId, build_id: buildId, runner_epoch: epoch },
    );
    const oldest = (added?.position ?? 0) - REMEMBERED_BUILDS;
    if (oldest > 0) {
      this.#sql.run("DELETE FROM runner_build WHERE runner_id = :runner_id AND position <= :position", {
        runner_id: runnerId,
        position: oldest,
      });
    }
  }

  /** Grows with time and across restarts without being stored: microseconds, of which no two are the same. */
  #nextPosition(nowMs: number): number {
    this.#lastPosition = Math.max(this.#lastPosition + 1, nowMs * 1000);
    return this.#lastPosition;
  }
}
