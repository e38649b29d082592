/** Which projects there are, and which numbers are taken: one object per deployment. */
import { DurableObject } from "cloudflare:workers";
import type { Project, ProjectSettings } from "../core/project.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import { readProject } from "../core/build/stored-spec.ts";
import type { NumberBlock, NumberKind } from "../storage/numbers.ts";
import { migrate, Sql } from "../storage/sql.ts";
import { projectStub } from "../stubs.ts";
import { DIRECTORY_MIGRATIONS, DirectoryStore } from "./directory-store.ts";
import type { ProjectList, ProjectQuery } from "./directory-store.ts";

/** Few enough that a small deployment's numbers look natural, enough that leasing them costs nothing. */
const BLOCK = 100;

export class DirectoryObject extends DurableObject<Env> {
  readonly #store: DirectoryStore;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const sql = new Sql(ctx.storage);
    migrate(sql, DIRECTORY_MIGRATIONS);
    this.#store = new DirectoryStore(sql);
  }

  /** Numbers that nobody else gets. */
  async leaseNumbers(kind: NumberKind): Promise<NumberBlock> {
    const from = this.#store.takeNumbers(kind, BLOCK);
    return { from, until: from + BLOCK };
  }

  /** Errors: `taken` path. A crash on the way leaves a project that the next look at it completes. */
  async createProject(path: string, settings: ProjectSettings): Promise<Outcome<Project>> {
    if (this.#store.byPath(path) !== null) return refuse({ reason: "taken", field: "path" });
    const project = this.#store.add(path, settings, Date.now());
    await this.#complete(project);
    return accept(project);
  }

  /** By id, or by full path. */
  async find(reference: number | string): Promise<Outcome<Project>> {
    const row = typeof reference === "number" ? this.#store.byId(reference) : this.#store.byPath(reference);
    if (row === null || row.state === "deleting") return refuse({ reason: "not_found", what: "project" });
    const project = readProject(row.project);
    if (row.state === "creating") await this.#complete(project);
    return accept(project);
  }

  list(query: ProjectQuery): ProjectList {
    return this.#store.list(query);
  }

  /** A project says how it is now. While it is being deleted nobody finds it, and its path is free. */
  async describe(project: Project, deleting: boolean): Promise<void> {
    this.#store.update(project, deleting);
  }

  /** The project is no more. */
  async forgetProject(id: number): Promise<void> {
    this.#store.remove(id);
  }

  async #complete(project: Project): Promise<void> {
    await projectStub(this.env, project.id).create(project);
    this.#store.activate(project.id);
  }
}
