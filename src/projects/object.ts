/** One project: its settings, its builds and its end. This file is the list of what can be asked of it. */
import { DurableObject } from "cloudflare:workers";
import type { NewSpec } from "../core/build/spec.ts";
import type { BuildSummary } from "../core/build/summary.ts";
import type { Project, ProjectSettings } from "../core/project.ts";
import type { Actor } from "../core/principal.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import { EarliestAlarm, runAlarm } from "../storage/alarm.ts";
import { Numbers } from "../storage/numbers.ts";
import { migrate, migrateExisting, Sql } from "../storage/sql.ts";
import { directoryStub } from "../stubs.ts";
import { ArtifactDeletion } from "./artifact-deletion.ts";
import { ProjectBuilds } from "./builds.ts";
import { ProjectMessages } from "./messages.ts";
import { ProjectRefs } from "./refs.ts";
import type { RefList, RefQuery } from "./refs.ts";
import { ProjectRemoval } from "./removal.ts";
import { MIGRATIONS } from "./schema.ts";
import { ProjectSettingCalls } from "./settings.ts";
import { ProjectState } from "./state.ts";
import { ProjectStore } from "./store.ts";
import type { BuildList, BuildQuery, Idempotency } from "./store.ts";

/** How long the alarm waits after a run that threw. */
const PAUSE_MS = 10_000;

export class ProjectObject extends DurableObject<Env> {
  readonly #sql: Sql;
  readonly #alarm: EarliestAlarm;
  readonly #state: ProjectState;
  readonly #messages: ProjectMessages;
  readonly #settings: ProjectSettingCalls;
  readonly #builds: ProjectBuilds;
  readonly #refs: ProjectRefs;
  readonly #artifactDeletion: ArtifactDeletion;
  readonly #removal: ProjectRemoval;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const sql = new Sql(ctx.storage);
    const state = new ProjectState(new ProjectStore(sql));
    const arm = () => this.#arm();
    const messages = new ProjectMessages({ env, sql, state, arm });
    const numbers = new Numbers(sql, (kind) => directoryStub(env).leaseNumbers(kind));
    this.#sql = sql;
    this.#alarm = new EarliestAlarm(ctx);
    this.#state = state;
    this.#messages = messages;
    this.#settings = new ProjectSettingCalls({ sql, state, messages });
    this.#builds = new ProjectBuilds({ env, sql, state, numbers, messages, arm });
    this.#removal = new ProjectRemoval({ env, storage: ctx.storage, sql, state, messages });
    this.#refs = new ProjectRefs(sql);
    this.#artifactDeletion = new ArtifactDeletion({ env, state });
    if (!migrateExisting(sql, MIGRATIONS)) return;
    state.load();
    this.#artifactDeletion.load();
  }

  /** The directory has given this project its id and path. The same call again changes nothing. */
  async create(project: Project): Promise<void> {
    if (this.#state.project !== null) return;
    migrate(this.#sql, MIGRATIONS);
    await this.#settings.create(project);
  }

  /** Errors: `not_found`. */
  get(): Outcome<Project> {
    return this.#state.current();
  }

  /** With a `ciConfig` that isn't null that is kept, too. Errors: `not_found`. */
  update(change: Partial<ProjectSettings>, ciConfig: string | null = null): Promise<Outcome<Project>> {
    return this.#settings.update(change, ciConfig);
  }

  /** The text of a `.gitlab-ci.yml` that the project keeps; "" for none. Errors: `not_found`. */
  ciConfig(): Outcome<string> {
    return this.#settings.ciConfig();
  }

  /** From here on the old `runners_token` is refused. */
  resetToken(): Promise<Outcome<Project>> {
    return this.#settings.resetToken();
  }

  /** Is a `runners_token` of this epoch good now? Errors: `forbidden`, `stale_token`. */
  checkToken(epoch: number): Outcome<null> {
    return this.#settings.checkToken(epoch);
  }

  /** Does a `runners_token` of this epoch open this build? Errors as of `checkToken`, and `not_found`. */
  checkTokenFor(epoch: number, buildId: number): Outcome<null> {
    const good = this.checkToken(epoch);
    if (!good.ok) return good;
    return this.hasBuild(buildId) ? accept(null) : refuse({ reason: "not_found", what: "build" });
  }

  hasBuild(buildId: number): boolean {
    return this.#builds.has(buildId);
  }

  /** Makes one build. Errors: `not_found`, `invalid` for dependencies that aren't of this project or a reused key. */
  createBuild(
    by: Actor,
    spec: NewSpec,
    idempotency: Idempotency | null,
    requestId?: string,
  ): Promise<Outcome<BuildSummary>> {
    return this.#builds.create(by, spec, idempotency, requestId);
  }

  /** Makes a new build of an old one's spec, once. Errors: `not_found`, `not_retryable`. */
  retryBuild(by: Actor, oldId: number, requestId?: string): Promise<Outcome<BuildSummary>> {
    return this.#builds.retry(by, oldId, requestId);
  }

  listBuilds(query: BuildQuery): Outcome<BuildList> {
    return this.#builds.list(query);
  }

  /** A build says how it stands. One that isn't known here has been removed. */
  progress(summary: BuildSummary): Promise<void> {
    return this.#builds.progress(summary);
  }

  /** The build is no more. */
  async forgetBuild(buildId: number): Promise<void> {
    this.#builds.remove(buildId);
  }

  /** The branches or tags that builds had, by name. Errors: `not_found`. */
  listRefs(query: RefQuery): Outcome<RefList> {
    const project = this.#state.current();
    return project.ok ? accept(this.#refs.list(query)) : project;
  }

  /** The latest build of a branch, a tag or a commit, null when there is none. Errors: `not_found` project. */
  latestBuild(kind: RefQuery["kind"] | "commit", reference: string): Outcome<BuildSummary | null> {
    const project = this.#state.current();
    if (!project.ok) return project;
    return accept(kind === "commit" ? this.#refs.ofCommit(reference) : this.#refs.latest(kind, reference));
  }

  /** The number of the latest successful build of this name and ref, null when there is none. Errors: `not_found` project. */
  latestSuccess(ref: string, name: string): Outcome<number | null> {
    const project = this.#state.current();
    return project.ok ? accept(this.#refs.latestSuccess(ref, name)) : project;
  }

  /** Begins to delete the artifacts of all builds; the alarm continues. Errors: `not_found`. */
  async deleteArtifacts(): Promise<Outcome<null>> {
    const begun = this.#artifactDeletion.begin();
    this.#arm();
    return begun;
  }

  /** Begins the removal of the project and all that it has; the alarm continues until nothing is left. */
  async remove(): Promise<Outcome<null>> {
    const begun = await this.#removal.begin();
    this.#arm();
    return begun;
  }

  override async alarm(): Promise<void> {
    this.#alarm.fired();
    const work = async (): Promise<void> => {
      await this.#messages.outbox.deliverDue(Date.now());
      if (this.#state.deleting) await this.#removal.continue();
      else await this.#artifactDeletion.continue();
    };
    await runAlarm({ project: this.#state.project?.id }, PAUSE_MS, work, (notBeforeMs) => this.#arm(notBeforeMs));
  }

  /** For what is left to do; with nothing the project sleeps. */
  #arm(notBeforeMs: number | null = null): void {
    if (this.#state.project === null) return;
    const isBusy = this.#state.deleting || this.#artifactDeletion.isDue;
    const next = notBeforeMs ?? (isBusy ? Date.now() : this.#messages.outbox.nextDueMs());
    if (next !== null) this.#alarm.by(next);
  }
}
