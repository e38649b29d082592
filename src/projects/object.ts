/**
 * One project: its settings, the index of its builds, and the making of new ones.
 *
 * Making a build is a saga with this object as its owner: index row and message to the build are one transaction, the
 * build then tells its queue. Whatever crashes, the outbox goes on where it was, and each step is idempotent.
 */
import { DurableObject } from "cloudflare:workers";
import type { NewBuild } from "../builds/record.ts";
import { newBuild } from "../core/build/build.ts";
import type { Project, ProjectSettings } from "../core/project.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import type { BuildSpec, ProjectSnapshot } from "../core/build/spec.ts";
import { summarize } from "../core/build/summary.ts";
import type { BuildSummary } from "../core/build/summary.ts";
import { EarliestAlarm } from "../storage/alarm.ts";
import { backlogTeller } from "../storage/backlog.ts";
import { GroupCommit } from "../storage/group-commit.ts";
import { Numbers } from "../storage/numbers.ts";
import { FIRST_RETRY_MS, Outbox } from "../storage/outbox.ts";
import { OutboxTable } from "../storage/outbox-store.ts";
import { settleWithin } from "../storage/settle.ts";
import { migrate, migrateExisting, Sql } from "../storage/sql.ts";
import { buildStub, directoryStub, queueStub } from "../stubs.ts";
import { MIGRATIONS } from "./schema.ts";
import { ProjectStore } from "./store.ts";
import type { BuildList, BuildQuery, Idempotency } from "./store.ts";

type Message =
  | { readonly to: "build"; readonly build: NewBuild }
  | { readonly to: "directory"; readonly project: Project; readonly deleting: boolean }
  | { readonly to: "queue"; readonly sharedRunnersEnabled: boolean };

/** A new build is answered for when the queue has it, or after this: it is durable in any case. */
const CREATE_MS = 10_000;
const SETTLE_MS = 1000;
const REMOVE_BATCH = 20;
const REMOVE_BATCHES = 50;
const RETRY_MS = 10_000;

export class ProjectObject extends DurableObject<Env> {
  readonly #sql: Sql;
  readonly #store: ProjectStore;
  readonly #numbers: Numbers;
  readonly #outbox: Outbox<Message>;
  /** Every claim and every end of a build comes here: a commit for each would be the third that a claim costs. */
  readonly #progress = new GroupCommit<BuildSummary>((summary) => {
    // Looked at again: the project may have been removed meanwhile, and its tables with it.
    if (this.#project !== null) this.#store.updateBuild(summary);
  });
  #project: Project | null = null;
  #deleting = false;
  readonly #alarm: EarliestAlarm;
  /** Retries under way, by the build that is retried: the next one waits to see what the first has made. */
  readonly #retrying = new Map<number, Promise<unknown>>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#alarm = new EarliestAlarm(ctx);
    this.#sql = new Sql(ctx.storage);
    this.#store = new ProjectStore(this.#sql);
    this.#numbers = new Numbers(this.#sql, (kind) => directoryStub(env).leaseNumbers(kind));
    this.#outbox = new Outbox(
      new OutboxTable<Message>(this.#sql),
      (_destination, message) => this.#send(message),
      backlogTeller(env, "project", () => String(this.#project?.id)),
    );
    if (!migrateExisting(this.#sql, MIGRATIONS)) return;
    const stored = this.#store.load();
    this.#project = stored?.project ?? null;
    this.#deleting = stored?.deleting ?? false;
  }

  /** The directory has given this project its id and path. The same call again changes nothing. */
  async create(project: Project): Promise<void> {
    if (this.#project !== null) return;
    migrate(this.#sql, MIGRATIONS);
    this.#sql.transaction(() => {
      this.#store.put(project, false);
      if (!project.sharedRunnersEnabled) this.#tellQueue(project);
    });
    this.#project = project;
    await this.#settled(["queue"]);
  }

  get(): Outcome<Project> {
    return this.#project === null || this.#deleting
      ? refuse({ reason: "not_found", what: "project" })
      : accept(this.#project);
  }

  update(change: Partial<ProjectSettings>): Promise<Outcome<Project>> {
    return this.#change(change);
  }

  /** From here on the old `runners_token` is refused. */
  resetToken(): Promise<Outcome<Project>> {
    return this.#change({ tokenEpoch: (this.#project?.tokenEpoch ?? 0) + 1 });
  }

  /** Is a `runners_token` of this epoch good now? */
  checkToken(epoch: number): Outcome<null> {
    const project = this.get();
    if (!project.ok) return refuse({ reason: "forbidden" });
    return project.value.tokenEpoch === epoch ? accept(null) : refuse({ reason: "stale_token" });
  }

  /** Does a `runners_token` of this epoch open this build? */
  checkTokenFor(epoch: number, buildId: number): Outcome<null> {
    const good = this.checkToken(epoch);
    if (!good.ok) return good;
    return this.hasBuild(buildId) ? accept(null) : refuse({ reason: "not_found", what: "build" });
  }

  hasBuild(buildId: number): boolean {
    return this.#project !== null && !this.#deleting && this.#store.hasBuild(buildId);
  }

  /** Makes one build. Errors: `not_found`, `invalid` for dependencies that aren't of this project or a reused key. */
  async createBuild(
    spec: BuildSpec,
    idempotency: Idempotency | null,
    requestId?: string,
  ): Promise<Outcome<BuildSummary>> {
    const id = await this.#numbers.with(["build", "pipeline"], () => this.#addOnce(spec, idempotency, requestId));
    return id.ok ? this.#created(id.value) : id;
  }

  /**
   * Makes a new build of an old one's spec, in the same pipeline. The old build decides who wins: it names its successor in
   * a transaction of its own. A crash after that, and before the successor is made, is mended by the next retry.
   */
  async retryBuild(oldId: number, requestId?: string): Promise<Outcome<BuildSummary>> {
    while (this.#retrying.has(oldId)) await this.#retrying.get(oldId);
    const retried = this.#retry(oldId, requestId).finally(() => this.#retrying.delete(oldId));
    this.#retrying.set(
      oldId,
      retried.catch(() => {}),
    );
    return retried;
  }

  async #retry(oldId: number, requestId: string | undefined): Promise<Outcome<BuildSummary>> {
    const [original, summary] = await Promise.all([
      buildStub(this.env, oldId).original(),
      buildStub(this.env, oldId).summary(),
    ]);
    // Never handed on as they came: the result of a call keeps the called object's session open as long as it lives.
    if (!original.ok) return refuse(original.refusal);
    if (!summary.ok) return refuse(summary.refusal);
    const newId = await this.#numbers.with(["build"], () => this.#numbers.take("build"));
    const marked = await buildStub(this.env, oldId).markRetried(newId, requestId);
    let successor = newId;
    if (!marked.ok) {
      const named = marked.refusal.reason === "not_retryable" ? marked.refusal.retriedAs : null;
      if (named === null || this.#store.hasBuild(named)) return refuse(marked.refusal);
      successor = named;
    }
    const project = this.get();
    if (!project.ok) return project;
    this.#add(project.value, original.value, { id: successor, pipelineId: summary.value.pipelineId, requestId }, null);
    return this.#created(successor);
  }

  listBuilds(query: BuildQuery): Outcome<BuildList> {
    const project = this.get();
    return project.ok ? accept(this.#store.listBuilds(query)) : project;
  }

  /** A build says how it stands; a build that isn't known is one that has been removed. */
  async progress(summary: BuildSummary): Promise<void> {
    if (this.#project !== null) await this.#progress.add(summary);
  }

  /** The build is no more. */
  async forgetBuild(buildId: number): Promise<void> {
    if (this.#project !== null) this.#store.removeBuild(buildId);
  }

  /** Begins the removal of the project and all that it has; the alarm goes on with it until nothing is left. */
  async remove(): Promise<Outcome<null>> {
    const project = this.get();
    if (!project.ok) return project;
    this.#sql.transaction(() => {
      this.#store.put(project.value, true);
      this.#tellDirectory({ ...project.value, revision: project.value.revision + 1 }, true);
    });
    this.#deleting = true;
    this.#alarm.by(Date.now());
    await this.#settled(["directory"]);
    return accept(null);
  }

  override async alarm(): Promise<void> {
    this.#alarm.fired();
    let retryAtMs: number | null = null;
    try {
      await this.#outbox.deliverDue(Date.now());
      if (this.#deleting) await this.#removeEverything();
    } catch (error) {
      // The alarm is ours to keep alive: thrown from here, it would end after six times.
      console.error(JSON.stringify({ event: "alarm_failed", project: this.#project?.id, error: String(error) }));
      retryAtMs = Date.now() + RETRY_MS;
    } finally {
      this.#arm(retryAtMs);
    }
  }

  /**
   * Builds first, with their objects in R2 and their rows in the queue; then what others know of us; storage last. One
   * alarm removes so many builds, the next goes on.
   */
  async #removeEverything(): Promise<void> {
    const project = this.#project;
    if (project === null) return;
    for (let batch = 0; batch < REMOVE_BATCHES; batch++) {
      await Promise.all(this.#store.someBuilds(REMOVE_BATCH).map((id) => this.#removeBuild(id)));
    }
    if (this.#store.someBuilds(1).length > 0) return;
    // Nothing of ours may arrive there after they have forgotten us.
    await this.#outbox.close();
    await queueStub(this.env).forgetProject(project.id);
    await directoryStub(this.env).forgetProject(project.id);
    await this.ctx.storage.deleteAll();
    this.#project = null;
  }

  async #removeBuild(id: number): Promise<void> {
    // A build that is still to be made must not come to life after it was removed.
    await this.#outbox.deliver(`build/${id}`);
    this.#outbox.withdraw(`build/${id}`);
    await buildStub(this.env, id).remove(id);
    this.#store.removeBuild(id);
  }

  async #change(change: Partial<Project>): Promise<Outcome<Project>> {
    const before = this.get();
    if (!before.ok) return before;
    const project = { ...before.value, ...change, revision: before.value.revision + 1 };
    this.#sql.transaction(() => {
      this.#store.put(project, false);
      this.#tellDirectory(project, false);
      if (project.sharedRunnersEnabled !== before.value.sharedRunnersEnabled) this.#tellQueue(project);
    });
    this.#project = project;
    await this.#settled(["directory", "queue"]);
    return accept(project);
  }

  /** Synchronous from its checks to the end of its transaction: what is checked is still so when it is written. */
  #addOnce(spec: BuildSpec, idempotency: Idempotency | null, requestId: string | undefined): Outcome<number> {
    const project = this.get();
    if (!project.ok) return project;
    const known = idempotency === null ? null : this.#store.buildOfKey(idempotency.key);
    if (known !== null) {
      return known.fingerprint === idempotency?.fingerprint ? accept(known.buildId) : refuse(reusedKey);
    }
    const foreign = spec.dependencies.find((id) => !this.#store.hasBuild(id));
    if (foreign !== undefined) return refuse(foreignDependency(foreign));
    const id = this.#numbers.take("build");
    this.#add(project.value, spec, { id, pipelineId: this.#numbers.take("pipeline"), requestId }, idempotency);
    return accept(id);
  }

  #add(
    project: Project,
    spec: BuildSpec,
    what: Pick<NewBuild, "id" | "pipelineId" | "requestId">,
    idempotency: Idempotency | null,
  ): void {
    const nowMs = Date.now();
    const { id, pipelineId } = what;
    const build = { ...what, spec, project: snapshot(project) };
    const created = newBuild({ id, pipelineId, projectId: project.id }, spec.timeoutSeconds, nowMs);
    this.#sql.transaction(() => {
      this.#store.addBuild(summarize(created, spec, []), idempotency);
      this.#outbox.put(`build/${id}`, 1, { to: "build", build }, nowMs + FIRST_RETRY_MS);
    });
    this.#arm();
  }

  /** Waits until the build is there and in its queue; what doesn't succeed now the outbox goes on with. */
  async #created(id: number): Promise<Outcome<BuildSummary>> {
    await settleWithin(this.#outbox.deliver(`build/${id}`), CREATE_MS);
    const summary = this.#store.build(id);
    return summary === null ? refuse({ reason: "not_found", what: "build" }) : accept(summary);
  }

  async #send(message: Message): Promise<void> {
    const project = this.#project;
    switch (message.to) {
      case "build": {
        const created = await buildStub(this.env, message.build.id).create(message.build);
        if (created.ok) this.#store.updateBuild(created.value);
        return;
      }
      case "directory":
        return directoryStub(this.env).describe(message.project, message.deleting);
      case "queue":
        if (project !== null) await queueStub(this.env).allowInstanceRunners(project.id, message.sharedRunnersEnabled);
    }
  }

  #tellDirectory(project: Project, deleting: boolean): void {
    this.#outbox.put(
      "directory",
      project.revision,
      { to: "directory", project, deleting },
      Date.now() + FIRST_RETRY_MS,
    );
  }

  #tellQueue(project: Project): void {
    const { sharedRunnersEnabled } = project;
    this.#outbox.put("queue", project.revision, { to: "queue", sharedRunnersEnabled }, Date.now() + FIRST_RETRY_MS);
  }

  async #settled(destinations: readonly string[]): Promise<void> {
    this.#arm();
    await settleWithin(Promise.all(destinations.map((each) => this.#outbox.deliver(each))), SETTLE_MS);
  }

  /** For messages that were not delivered; with none the project sleeps. */
  #arm(retryAtMs: number | null = null): void {
    if (this.#project === null) return;
    const next = retryAtMs ?? (this.#deleting ? Date.now() : this.#outbox.nextDueMs());
    if (next !== null) this.#alarm.by(next);
  }
}

const snapshot = (project: Project): ProjectSnapshot => ({
  id: project.id,
  name: project.name,
  path: project.path,
  defaultBranch: project.defaultBranch,
  visibility: project.visibility,
  repoUrl: project.repoUrl,
  gitDepth: project.gitDepth,
  tokenEpoch: project.tokenEpoch,
});

const reusedKey = {
  reason: "invalid",
  field: "Idempotency-Key",
  message: "was used for a different request",
} as const;

const foreignDependency = (id: number) =>
  ({ reason: "invalid", field: "dependencies", message: `${id} is not a job of this project` }) as const;
