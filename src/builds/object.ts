/**
 * One build: its state, trace and artifact records, and the messages it owes to its queue and its project.
 *
 * Nothing acknowledged is lost: what a method changes, and the messages that the change owes, are written in one
 * transaction before it returns (record.ts); the runtime holds the answer back until they are durable.
 */
import { log } from "../log.ts";
import { DurableObject } from "cloudflare:workers";
import { settingsOf } from "../settings.ts";
import type { Settings } from "../settings.ts";
import { isHeld } from "../core/build/build.ts";
import type { HistoryEntry } from "../core/build/build.ts";
import type { ClaimedBuild, ClaimedDependency } from "../core/build/claimed.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome, Refusal } from "../core/refusal.ts";
import type { BuildSpec } from "../core/build/spec.ts";
import { nameOf } from "../core/principal.ts";
import type { Actor } from "../core/principal.ts";
import { goneNotice, queueNotice } from "../core/build/summary.ts";
import type { BuildSummary, QueueNotice } from "../core/build/summary.ts";
import { runAlarm } from "../storage/alarm.ts";
import { undeliveredTeller } from "../storage/undelivered.ts";
import { Outbox } from "../storage/outbox.ts";
import type { Delivery } from "../storage/outbox.ts";
import { migrate, migrateExisting, Sql } from "../storage/sql.ts";
import { projectStub, queueStub } from "../stubs.ts";
import { admitHeld } from "./access.ts";
import type { Access } from "./access.ts";
import { ArtifactCalls } from "./artifact-calls.ts";
import type { Committed } from "./artifact-calls.ts";
import { BuildArtifacts } from "./artifacts.ts";
import type { ArtifactRecord, BegunUpload, UploadedFile } from "./artifacts.ts";
import { Claiming } from "./claiming.ts";
import type { ClaimRequest } from "./claiming.ts";
import { OutboxColumn } from "./outbox-column.ts";
import { TraceReader } from "./reader.ts";
import type { TracePiece } from "./reader.ts";
import { BuildRecord } from "./record.ts";
import { BuildRemoval } from "./removal.ts";
import type { Destination, NewBuild } from "./record.ts";
import { RunnerCalls } from "./runner-calls.ts";
import type { Patched, Report, ReportContext } from "./runner-calls.ts";
import { FRESH, MIGRATIONS } from "./schema.ts";
import { secretsToMask } from "./secrets.ts";
import { BuildStore } from "./store.ts";
import { TraceStore } from "./trace-store.ts";
import { AlarmWork } from "./alarm-work.ts";

/** How long the alarm waits after a run that threw. */
const PAUSE_MS = 60_000;

const unknownBuild: Refusal = { reason: "not_found", what: "build" };

export class BuildObject extends DurableObject<Env> {
  readonly #settings: Settings;
  readonly #sql: Sql;
  readonly #store: BuildStore;
  readonly #trace: TraceStore;
  readonly #reader: TraceReader;
  readonly #artifacts: BuildArtifacts;
  readonly #outbox: Outbox<null>;
  readonly #record: BuildRecord;
  readonly #claiming: Claiming;
  readonly #runnerCalls: RunnerCalls;
  readonly #artifactCalls: ArtifactCalls;
  readonly #removal: BuildRemoval;
  readonly #alarmWork: AlarmWork;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#settings = settingsOf(env);
    this.#sql = new Sql(ctx.storage);
    // By the runner's next report.
    const outboxColumn = new OutboxColumn(this.#sql, () => this.#record.build !== null && isHeld(this.#record.build));
    this.#store = new BuildStore(this.#sql, outboxColumn);
    this.#trace = new TraceStore(this.#sql);
    this.#reader = new TraceReader(this.#trace, this.#store, env.ARTIFACTS);
    this.#artifacts = new BuildArtifacts(this.#store, env.ARTIFACTS);
    this.#outbox = new Outbox({
      store: outboxColumn,
      send: (destination) => this.#tell(destination as Destination),
      tellUndelivered: undeliveredTeller(env, "build", () => String(this.#record.build?.id)),
    });
    this.#record = new BuildRecord({
      storage: ctx.storage,
      sql: this.#sql,
      store: this.#store,
      trace: this.#trace,
      outbox: this.#outbox,
      limits: this.#settings.limits,
      retentionMs: this.#settings.retentionMs,
      onChange: () => this.#reader.wake(),
      onContact: ({ id, manager }) => this.#tellContact(id, manager?.systemId ?? null),
    });
    this.#claiming = new Claiming(env, this.#record, this.#store);
    this.#runnerCalls = new RunnerCalls({
      record: this.#record,
      trace: this.#trace,
      reader: this.#reader,
      maxTraceBytes: this.#settings.maxTraceBytes,
      stuckAfterMs: this.#settings.limits.stuckAfterMs,
    });
    this.#artifactCalls = new ArtifactCalls({
      record: this.#record,
      store: this.#store,
      artifacts: this.#artifacts,
      trace: this.#trace,
      reader: this.#reader,
      runnerCalls: this.#runnerCalls,
    });
    this.#removal = new BuildRemoval({
      env,
      storage: ctx.storage,
      sql: this.#sql,
      record: this.#record,
      store: this.#store,
      trace: this.#trace,
      artifacts: this.#artifacts,
      outbox: this.#outbox,
    });
    this.#alarmWork = new AlarmWork({
      env,
      settings: this.#settings,
      record: this.#record,
      store: this.#store,
      trace: this.#trace,
      reader: this.#reader,
      artifacts: this.#artifacts,
      outbox: this.#outbox,
      removal: this.#removal,
    });
    if (!migrateExisting(this.#sql, MIGRATIONS)) return;
    this.#record.load();
  }

  /**
   * Makes the build, and has its queue know it before it returns, or owes it that. Whoever asks for it asks again until there
   * is an answer; a repetition tells the queue how the build stands by then, and changes nothing.
   */
  async create(input: NewBuild): Promise<Outcome<BuildSummary>> {
    if (this.#record.build === null) {
      migrate(this.#sql, MIGRATIONS, FRESH);
      this.#record.create(input, Date.now());
    }
    await this.#record.introduce();
    return this.#record.summary();
  }

  /** Hands the build to a runner: a new attempt with a token of its own. Refused when it isn't what the queue thought. */
  claim(request: ClaimRequest, requestId?: string): Promise<Outcome<ClaimedBuild>> {
    return this.#claiming.claim(request, requestId);
  }

  /** The queue takes back a claim whose answer it never sent. */
  release(attempt: number, requestId?: string): void {
    this.#record.apply({ kind: "release", attempt }, null, requestId);
  }

  /** The runner was deleted, or a machine of it: the build ends at once, not when somebody notices the silence. */
  loseRunner(runnerId: number, machineId: number | null = null): void {
    this.#record.apply({ kind: "lose_runner", runnerId, machineId });
  }

  /** The runner gave a sign of life with a call that was otherwise refused. */
  contact(access: Access): Outcome<null> {
    return this.#runnerCalls.contact(access);
  }

  /** Appends to the trace. */
  append(access: Access, start: number | null, bytes: Uint8Array): Outcome<Patched> {
    return this.#runnerCalls.append(access, start, bytes);
  }

  /** The runner reports, with what belongs to the report. */
  report(access: Access, report: Report, context: ReportContext = {}): Promise<Outcome<Patched>> {
    return this.#runnerCalls.report(access, report, context);
  }

  summary(): Outcome<BuildSummary> {
    return this.#record.summary();
  }

  /** How the build stands, for a queue that isn't sure: `gone` also when it doesn't exist any more. */
  notice(buildId: number): QueueNotice {
    const { build } = this.#record;
    return build === null ? goneNotice(buildId) : queueNotice(build, this.#store.spec().spec);
  }

  history(): Outcome<readonly HistoryEntry[]> {
    const { build } = this.#record;
    return build === null ? refuse(unknownBuild) : accept(build.history);
  }

  /** What a new build needs to do the same once more. */
  original(): Outcome<BuildSpec> {
    return this.#record.build === null ? refuse(unknownBuild) : accept(this.#store.spec().spec);
  }

  cancel(by: Actor, force: boolean, requestId?: string): Promise<Outcome<BuildSummary>> {
    return this.#record.command(
      { kind: "cancel", by: nameOf(by), force, silentAfterMs: this.#runnerCalls.silentAfterMs() },
      requestId,
    );
  }

  /** Marks the build as retried by `newId`; a second retry is refused and names the first. */
  markRetried(newId: number, requestId?: string): Promise<Outcome<BuildSummary>> {
    return this.#record.command({ kind: "retry", newId }, requestId);
  }

  /** Removes trace and artifacts for good; the record stays. */
  erase(by: Actor, requestId?: string): Promise<Outcome<BuildSummary>> {
    return this.#artifactCalls.erase(by, requestId);
  }

  /**
   * At most 1 MiB of trace from byte `offset` on, secrets masked. With `waitMs`, waits that long for bytes beyond
   * `offset` or for the end of the build. Its runner sends more often for a while.
   */
  async readTrace(offset: number, maxBytes: number, waitMs = 0): Promise<Outcome<TracePiece>> {
    this.#record.watch(Date.now());
    const piece = await this.#readTrace(offset, maxBytes);
    if (!piece.ok || waitMs === 0 || piece.value.bytes.length > 0 || piece.value.finished) return piece;
    await this.#reader.grown(waitMs);
    return this.#readTrace(offset, maxBytes);
  }

  /** Would an upload be accepted now? */
  mayUpload(access: Access): Outcome<null> {
    const admitted = admitHeld(this.#record.build, access);
    return admitted.ok ? accept(null) : admitted;
  }

  /** Names the object that an upload is to write. It counts only after `commitArtifact`. Errors: `invalid` type. */
  beginArtifact(access: Access, type: string, format: string): Outcome<BegunUpload> {
    return this.#artifactCalls.begin(access, type, format);
  }

  /** From here on a crash of the uploader leaves nothing in R2 that this object couldn't end. */
  noteMultipartUpload(id: number, multipartId: string): void {
    // Also when the build is being removed: its alarm ends the upload.
    if (this.#record.build !== null || this.#store.hasTables()) this.#store.noteUpload(id, multipartId);
  }

  /**
   * Makes an uploaded object the build's artifact; checks anew who asks. What is stored of its type is replaced, or with
   * `replaces` false stays: the same bytes again change nothing, others are refused as `artifact_exists`. What isn't stored
   * is left to `abandonArtifact`.
   */
  commitArtifact(access: Access, id: number, file: UploadedFile, replaces: boolean): Promise<Outcome<Committed>> {
    return this.#artifactCalls.commit(access, id, file, replaces);
  }

  /** Gives up an upload: what it wrote is deleted by the alarm. */
  abandonArtifact(id: number): void {
    this.#artifactCalls.abandon(id);
  }

  /** Where an artifact's bytes are. `access` is null for a consumer or a dependant, whom the Worker has authenticated. */
  artifact(type: string, access: Access | null): Outcome<ArtifactRecord> {
    return this.#artifactCalls.find(type, access);
  }

  /** Deletes all artifacts but the trace; twice is fine. `access` as for `artifact`. */
  deleteArtifacts(access: Access | null, requestId = access?.requestId): Promise<Outcome<BuildSummary>> {
    return this.#artifactCalls.delete(access, requestId);
  }

  /** Artifacts that would expire stay. Errors: `not_found` when there are none any more. */
  keepArtifacts(requestId?: string): Promise<Outcome<BuildSummary>> {
    return this.#artifactCalls.keep(requestId);
  }

  /** The build, if this attempt has it now: as long as it has, its tokens read what others made. Errors: `not_running`. */
  holder(attempt: number): Outcome<BuildSummary> {
    const admitted = admitHeld(this.#record.build, { by: "attempt", attempt });
    return admitted.ok ? this.#record.summary() : admitted;
  }

  /** What a dependant is told of this build. */
  dependency(): Outcome<Omit<ClaimedDependency, "downloadToken">> {
    return this.#artifactCalls.dependency();
  }

  /** Removes everything of the build. Callers repeat the call until it returns. */
  remove(buildId: number): Promise<void> {
    return this.#removal.remove(buildId);
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    this.#record.disarmed();
    await runAlarm(
      { build: this.#record.build?.id },
      PAUSE_MS,
      () =>
        this.#record.build === null ? this.#removal.finish() : this.#alarmWork.run(info?.scheduledTime ?? Date.now()),
      (notBeforeMs) => this.#record.arm(notBeforeMs),
    );
  }

  /** Lost, it costs nothing: the next one comes in a minute. */
  #tellContact(runnerId: number, systemId: string | null): void {
    const told = Promise.resolve().then(() => queueStub(this.env).contactRunner(runnerId, systemId));
    told.catch((error: unknown) => log("warn", "contact_lost", { error: String(error) }));
  }

  async #readTrace(offset: number, maxBytes: number): Promise<Outcome<TracePiece>> {
    const { build } = this.#record;
    if (build === null) return refuse(unknownBuild);
    const secrets = secretsToMask(this.env, build, this.#store.spec());
    return accept(await this.#reader.read(build, offset, maxBytes, secrets));
  }

  /** How the build stands now, to one of those who keep a copy of it. */
  async #tell(destination: Destination): Promise<Delivery> {
    const { build } = this.#record;
    const summary = this.#record.summary();
    if (build === null || !summary.ok) return "done";
    if (destination === "queue") await queueStub(this.env).notify(queueNotice(build, this.#store.spec().spec));
    else await projectStub(this.env, build.projectId).progress(summary.value);
    return "done";
  }
}
