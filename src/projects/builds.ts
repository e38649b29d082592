/**
 * The builds of a project: making them, retrying them, and the index of what they say of themselves.
 *
 * Making a build is a saga with the project as its owner. The index row and the message to the build are one transaction;
 * the build then tells its queue. Whatever crashes, the outbox continues where it was, and each step is idempotent.
 */
import type { NewBuild } from "../builds/record.ts";
import { newBuild } from "../core/build/build.ts";
import { lonePipeline } from "../core/build/pipeline-ref.ts";
import type { BuildSpec, NewSpec, ProjectSnapshot } from "../core/build/spec.ts";
import { summarize } from "../core/build/summary.ts";
import type { BuildSummary } from "../core/build/summary.ts";
import type { Project } from "../core/project.ts";
import type { Actor } from "../core/principal.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import { GroupCommit } from "../storage/group-commit.ts";
import type { Numbers } from "../storage/numbers.ts";
import type { Sql } from "../storage/sql.ts";
import { waitAtMost } from "../storage/wait-at-most.ts";
import { buildStub } from "../stubs.ts";
import type { ProjectMessages } from "./messages.ts";
import type { ProjectState } from "./state.ts";
import type { BuildList, BuildQuery, Idempotency } from "./store.ts";

/** A creation answers when the queue has the build, or after this: the build is durable in any case. */
const CREATE_MS = 10_000;

export interface BuildParts {
  readonly env: Env;
  readonly sql: Sql;
  readonly state: ProjectState;
  readonly numbers: Numbers;
  readonly messages: ProjectMessages;
  readonly arm: () => void;
}

export class ProjectBuilds {
  readonly #parts: BuildParts;
  /** Every claim and every end of a build comes here. A commit for each would be a third of what a claim costs. */
  readonly #progress = new GroupCommit<BuildSummary>((summary) => {
    // Checked again: the project may have been removed meanwhile, and its tables with it.
    if (this.#parts.state.project !== null) this.#parts.state.store.updateBuild(summary);
  });
  /** Retries under way, by the build that is retried: the next one waits to see what the first has made. */
  readonly #retrying = new Map<number, Promise<unknown>>();

  constructor(parts: BuildParts) {
    this.#parts = parts;
  }

  has(buildId: number): boolean {
    const { state } = this.#parts;
    return state.current().ok && state.store.hasBuild(buildId);
  }

  list(query: BuildQuery): Outcome<BuildList> {
    const { state } = this.#parts;
    const project = state.current();
    return project.ok ? accept(state.store.listBuilds(query)) : project;
  }

  async progress(summary: BuildSummary): Promise<void> {
    if (this.#parts.state.project !== null) await this.#progress.add(summary);
  }

  remove(buildId: number): void {
    const { state } = this.#parts;
    if (state.project !== null) state.store.removeBuild(buildId);
  }

  async create(
    by: Actor,
    spec: NewSpec,
    idempotency: Idempotency | null,
    requestId?: string,
  ): Promise<Outcome<BuildSummary>> {
    const { numbers } = this.#parts;
    const id = await numbers.with(["build", "pipeline"], () => this.#addOnce(by, spec, idempotency, requestId));
    return id.ok ? this.#created(id.value) : id;
  }

  /**
   * Makes a new build of an old one's spec, in the same pipeline. The old build decides who wins: it names its successor
   * in a transaction of its own. A crash between that and the making of the successor is repaired by the next retry.
   */
  async retry(by: Actor, oldId: number, requestId?: string): Promise<Outcome<BuildSummary>> {
    while (this.#retrying.has(oldId)) await this.#retrying.get(oldId);
    const retried = this.#retry(by, oldId, requestId).finally(() => this.#retrying.delete(oldId));
    this.#retrying.set(
      oldId,
      retried.catch(() => {}),
    );
    return retried;
  }

  async #retry(by: Actor, oldId: number, requestId: string | undefined): Promise<Outcome<BuildSummary>> {
    const { env, state, numbers } = this.#parts;
    if (state.project?.archived === true) return refuse({ reason: "project_archived" });
    const original = await buildStub(env, oldId).original();
    // Copied: an RPC result that is kept alive also keeps the callee's session open.
    if (!original.ok) return refuse(original.refusal);
    const newId = await numbers.with(["build"], () => numbers.take("build"));
    const marked = await buildStub(env, oldId).markRetried(newId, requestId);
    let successor = newId;
    if (!marked.ok) {
      const named = marked.refusal.reason === "not_retryable" ? marked.refusal.retriedAs : null;
      if (named === null || state.store.hasBuild(named)) return refuse(marked.refusal);
      successor = named;
    }
    const project = state.current();
    if (!project.ok) return project;
    this.#add(project.value, { ...original.value, user: by.user }, { id: successor, requestId }, null);
    return this.#created(successor);
  }

  /** Synchronous from its checks to the end of its transaction: what is checked is still so when it is written. */
  #addOnce(by: Actor, spec: NewSpec, idempotency: Idempotency | null, requestId: string | undefined): Outcome<number> {
    const { state, numbers } = this.#parts;
    const project = state.current();
    if (!project.ok) return project;
    const known = idempotency === null ? null : state.store.buildOfKey(idempotency.key);
    if (known !== null) {
      return known.fingerprint === idempotency?.fingerprint ? accept(known.buildId) : refuse(reusedKey);
    }
    if (project.value.archived) return refuse({ reason: "project_archived" });
    const foreign = spec.dependencies.find((id) => !state.store.hasBuild(id));
    if (foreign !== undefined) return refuse(foreignDependency(foreign));
    const id = numbers.take("build");
    const pipeline = lonePipeline(numbers.take("pipeline"), Date.now());
    this.#add(project.value, { ...spec, pipeline, user: by.user }, { id, requestId }, idempotency);
    return accept(id);
  }

  #add(
    project: Project,
    spec: BuildSpec,
    what: Pick<NewBuild, "id" | "requestId">,
    idempotency: Idempotency | null,
  ): void {
    const { sql, state, messages, arm } = this.#parts;
    const nowMs = Date.now();
    const ids = { id: what.id, pipelineId: spec.pipeline.id, projectId: project.id };
    const created = newBuild(ids, spec.timeoutSeconds, nowMs);
    sql.transaction(() => {
      state.store.addBuild(summarize(created, spec, []), idempotency);
      messages.putBuild({ ...what, spec, project: snapshot(project) }, nowMs);
    });
    arm();
  }

  /** Waits until the build exists and is queued. If that takes too long the outbox keeps retrying. */
  async #created(id: number): Promise<Outcome<BuildSummary>> {
    const { state, messages } = this.#parts;
    await waitAtMost(messages.deliverBuild(id), CREATE_MS);
    const summary = state.store.build(id);
    return summary === null ? refuse({ reason: "not_found", what: "build" }) : accept(summary);
  }
}

const snapshot = (project: Project): ProjectSnapshot => ({
  id: project.id,
  name: project.name,
  description: project.description,
  configPath: project.configPath,
  path: project.path,
  defaultBranch: project.defaultBranch,
  visibility: project.visibility,
  repoUrl: project.repoUrl,
  gitDepth: project.gitDepth,
  serverUrl: project.serverUrl,
  tokenEpoch: project.tokenEpoch,
});

const reusedKey = {
  reason: "invalid",
  field: "Idempotency-Key",
  message: "was used for a different request",
} as const;

const foreignDependency = (id: number) =>
  ({ reason: "invalid", field: "dependencies", message: `${id} is not a job of this project` }) as const;
