/** The SQL of a build's record and of its artifact records; the trace has its own store. */
import type { Build, BuildStatus, Claim, FailureReason, HistoryEntry } from "../core/build/build.ts";
import type { DotenvVariable } from "../core/artifact/dotenv.ts";
import type { BuildSpec, ProjectSnapshot } from "../core/build/spec.ts";
import { lonePipeline } from "../core/build/pipeline-ref.ts";
import { readSnapshot, readSpec } from "../core/build/stored-spec.ts";
import type { ArtifactSummary } from "../core/build/summary.ts";
import type { Bindings, Sql } from "../storage/sql.ts";
import type { OutboxColumn } from "./outbox-column.ts";
import type { ArtifactRow, BuildRow, SpecRow } from "./schema.ts";

const COLUMNS = [
  "id",
  "project_id",
  "pipeline_id",
  "status",
  "revision",
  "attempt",
  "lost_claims",
  "avoid_runner_id",
  "claim",
  "last_contact_at_ms",
  "grace_until_ms",
  "timeout_seconds",
  "created_at_ms",
  "queued_at_ms",
  "started_at_ms",
  "canceling_since_ms",
  "finished_at_ms",
  "erased_at_ms",
  "failure_reason",
  "exit_code",
  "reported",
  "trace_verified",
  "trace_resets",
  "watched_until_ms",
  "retried_as",
  "history",
  "owed",
  "first_alarm_at_ms",
] as const satisfies readonly (keyof BuildRow)[];

const PUT_BUILD = `INSERT OR REPLACE INTO build (${COLUMNS.join(", ")}) VALUES (${COLUMNS.map((column) => `:${column}`).join(", ")})`;

const toRow = (build: Build, owed: string, firstAlarmAtMs: number | null): BuildRow => ({
  id: build.id,
  project_id: build.projectId,
  pipeline_id: build.pipelineId,
  status: build.status,
  revision: build.revision,
  attempt: build.attempt,
  lost_claims: build.lostClaims,
  avoid_runner_id: build.avoidRunnerId,
  claim: build.claim === null ? null : JSON.stringify(build.claim),
  last_contact_at_ms: build.lastContactAtMs,
  grace_until_ms: build.graceUntilMs,
  timeout_seconds: build.timeoutSeconds,
  created_at_ms: build.createdAtMs,
  queued_at_ms: build.queuedAtMs,
  started_at_ms: build.startedAtMs,
  canceling_since_ms: build.cancelingSinceMs,
  finished_at_ms: build.finishedAtMs,
  erased_at_ms: build.erasedAtMs,
  failure_reason: build.failureReason,
  exit_code: build.exitCode,
  reported: build.reported,
  trace_verified: build.traceVerified === null ? null : build.traceVerified ? 1 : 0,
  trace_resets: build.traceResets,
  watched_until_ms: build.watchedUntilMs,
  retried_as: build.retriedAs,
  history: JSON.stringify(build.history),
  owed,
  first_alarm_at_ms: firstAlarmAtMs,
});

const fromRow = (row: BuildRow): Build => ({
  id: row.id,
  projectId: row.project_id,
  pipelineId: row.pipeline_id,
  status: row.status as BuildStatus,
  revision: row.revision,
  attempt: row.attempt,
  lostClaims: row.lost_claims,
  avoidRunnerId: row.avoid_runner_id,
  claim: row.claim === null ? null : (JSON.parse(row.claim) as Claim),
  lastContactAtMs: row.last_contact_at_ms,
  graceUntilMs: row.grace_until_ms,
  timeoutSeconds: row.timeout_seconds,
  createdAtMs: row.created_at_ms,
  queuedAtMs: row.queued_at_ms,
  startedAtMs: row.started_at_ms,
  cancelingSinceMs: row.canceling_since_ms,
  finishedAtMs: row.finished_at_ms,
  erasedAtMs: row.erased_at_ms,
  failureReason: row.failure_reason as FailureReason | null,
  exitCode: row.exit_code,
  reported: row.reported as Build["reported"],
  traceVerified: row.trace_verified === null ? null : row.trace_verified === 1,
  traceResets: row.trace_resets,
  watchedUntilMs: row.watched_until_ms,
  retriedAs: row.retried_as,
  history: JSON.parse(row.history) as HistoryEntry[],
});

/** An upload that has become an artifact. */
export interface CompletedFile {
  readonly type: string;
  readonly format: string;
  readonly filename: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Of a dotenv report. */
  readonly variables: readonly DotenvVariable[] | null;
}

export class BuildStore {
  readonly #sql: Sql;
  readonly #outbox: OutboxColumn;
  #firstAlarmAtMs: number | null = null;
  #artifacts: readonly ArtifactRow[] | null = null;
  #spec: { readonly spec: BuildSpec; readonly project: ProjectSnapshot } | null = null;

  constructor(sql: Sql, outbox: OutboxColumn) {
    this.#sql = sql;
    this.#outbox = outbox;
  }

  build(): Build | null {
    const row = this.#sql.first<BuildRow>("SELECT * FROM build");
    if (row === null) return null;
    // Only attempts have artifacts: what wakes to be claimed needn't look for any.
    if (row.attempt === 0) this.#artifacts = [];
    this.#outbox.load(row.owed);
    this.#firstAlarmAtMs = row.first_alarm_at_ms;
    return fromRow(row);
  }

  /** Of a build as `build` has found it: when the alarm comes that was set with it, null when there may be another by now. */
  get firstAlarmAtMs(): number | null {
    return this.#firstAlarmAtMs;
  }

  /** With what it owes. `firstAlarmAtMs`: of a new build, whose alarm is set for then. */
  putBuild(build: Build, firstAlarmAtMs: number | null = null): void {
    this.#sql.run(PUT_BUILD, { ...toRow(build, this.#outbox.text(), firstAlarmAtMs) });
  }

  /** Written once, so read once. */
  spec(): { readonly spec: BuildSpec; readonly project: ProjectSnapshot } {
    if (this.#spec !== null) return this.#spec;
    const row = this.#sql.first<SpecRow & Pick<BuildRow, "pipeline_id" | "created_at_ms">>(
      "SELECT spec, project, pipeline_id, created_at_ms FROM spec JOIN build",
    );
    if (row === null) throw new Error("a build without a spec");
    const pipeline = lonePipeline(row.pipeline_id, row.created_at_ms);
    this.#spec = { spec: readSpec(row.spec, pipeline), project: readSnapshot(row.project) };
    return this.#spec;
  }

  putSpec(buildId: number, spec: BuildSpec, project: ProjectSnapshot): void {
    this.#sql.run("INSERT INTO spec (build_id, spec, project) VALUES (:build_id, :spec, :project)", {
      build_id: buildId,
      spec: JSON.stringify(spec),
      project: JSON.stringify(project),
    });
    this.#spec = { spec, project };
  }

  artifactsIn(state: ArtifactRow["state"]): ArtifactRow[] {
    return this.allArtifacts().filter((row) => row.state === state);
  }

  currentArtifact(type: string): ArtifactRow | null {
    return this.artifactsIn("current").find((row) => row.type === type) ?? null;
  }

  /** Few, and looked at with every change of the build. */
  allArtifacts(): readonly ArtifactRow[] {
    this.#artifacts ??= this.#sql.all<ArtifactRow>("SELECT * FROM artifact ORDER BY id");
    return this.#artifacts;
  }

  dueArtifact(nowMs: number): ArtifactRow | null {
    return this.allArtifacts().find((row) => row.delete_at_ms !== null && row.delete_at_ms <= nowMs) ?? null;
  }

  uploading(id: number): ArtifactRow | null {
    return this.artifactsIn("uploading").find((row) => row.id === id) ?? null;
  }

  /** Memory must not outlive a transaction that was rolled back. */
  reload(): void {
    this.#artifacts = null;
    this.#spec = null;
    this.#outbox.reload();
  }

  /** A record of an object that is about to be written; `deleteAtMs` takes it away should it never become current. */
  beginArtifact(type: string, format: string, key: string, deleteAtMs: number): number {
    this.#artifacts = null;
    const row = this.#sql.first<{ id: number }>(
      `INSERT INTO artifact (type, format, state, r2_key, filename, size_bytes, sha256, delete_at_ms)
       VALUES (:type, :format, 'uploading', :r2_key, '', 0, '', :delete_at_ms) RETURNING id`,
      { type, format, r2_key: key, delete_at_ms: deleteAtMs },
    );
    if (row === null) throw new Error("INSERT … RETURNING gave no row");
    return row.id;
  }

  /** False for a build that was never made, or of which nothing is left. */
  hasTables(): boolean {
    return this.#sql.first("SELECT 1 FROM sqlite_master WHERE name = 'artifact'") !== null;
  }

  /** When the last of the uploads that are under way is over for certain; null when there is none. */
  uploadsEndMs(): number | null {
    const row = this.#sql.first<{ at_ms: number | null }>(
      "SELECT MAX(delete_at_ms) AS at_ms FROM artifact WHERE state = 'uploading'",
    );
    return row?.at_ms ?? null;
  }

  /** What is left names the objects that uploads may still write. */
  removeAllButUploads(): void {
    this.reload();
    this.#sql.run("DELETE FROM build; DELETE FROM spec; DELETE FROM artifact WHERE state <> 'uploading'");
  }

  noteUpload(id: number, uploadId: string): void {
    this.#changeArtifacts("UPDATE artifact SET upload_id = :upload_id WHERE id = :id", { id, upload_id: uploadId });
  }

  completeArtifact(id: number, file: CompletedFile, expiresAtMs: number | null): void {
    this.#changeArtifacts(
      `UPDATE artifact SET state = 'current', type = :type, format = :format, filename = :filename,
         size_bytes = :size_bytes, sha256 = :sha256, variables = :variables, expires_at_ms = :expires_at_ms,
         delete_at_ms = NULL, upload_id = NULL WHERE id = :id`,
      {
        id,
        type: file.type,
        format: file.format,
        filename: file.filename,
        size_bytes: file.sizeBytes,
        sha256: file.sha256,
        variables: file.variables === null ? null : JSON.stringify(file.variables),
        expires_at_ms: expiresAtMs,
      },
    );
  }

  retireArtifact(id: number, deleteAtMs: number): void {
    this.#changeArtifacts("UPDATE artifact SET state = 'retired', delete_at_ms = :delete_at_ms WHERE id = :id", {
      id,
      delete_at_ms: deleteAtMs,
    });
  }

  keepArtifacts(): void {
    this.#changeArtifacts("UPDATE artifact SET expires_at_ms = NULL WHERE state = 'current'");
  }

  removeArtifact(id: number): void {
    this.#changeArtifacts("DELETE FROM artifact WHERE id = :id", { id });
  }

  /** When an artifact has to be retired or deleted next. */
  nextArtifactDueMs(): number | null {
    const times = this.allArtifacts().flatMap((row) => [
      row.delete_at_ms ?? Infinity,
      (row.state === "current" ? row.expires_at_ms : null) ?? Infinity,
    ]);
    const next = Math.min(...times);
    return next === Infinity ? null : next;
  }

  /** What consumers see: current and not past its time, whether the alarm has come yet or not; without the trace. */
  artifactSummaries(nowMs: number): ArtifactSummary[] {
    return this.artifactsIn("current")
      .filter((row) => row.type !== "trace" && (row.expires_at_ms === null || row.expires_at_ms > nowMs))
      .map((row) => ({
        type: row.type,
        format: row.format,
        filename: row.filename,
        sizeBytes: row.size_bytes,
        expiresAtMs: row.expires_at_ms,
      }));
  }

  #changeArtifacts(query: string, bindings: Bindings = {}): void {
    this.#artifacts = null;
    this.#sql.run(query, bindings);
  }
}
