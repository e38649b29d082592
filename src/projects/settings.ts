/** A project's settings and the token that registers its runners. */
import type { Project, ProjectSettings } from "../core/project.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import type { Sql } from "../storage/sql.ts";
import type { ProjectMessages } from "./messages.ts";
import type { ProjectState } from "./state.ts";

export interface SettingParts {
  readonly sql: Sql;
  readonly state: ProjectState;
  readonly messages: ProjectMessages;
}

export class ProjectSettingCalls {
  readonly #parts: SettingParts;

  constructor(parts: SettingParts) {
    this.#parts = parts;
  }

  /** The first settings, from the directory. */
  async create(project: Project): Promise<void> {
    const { sql, state, messages } = this.#parts;
    sql.transaction(() => {
      state.store.put(project, false);
      if (!project.sharedRunnersEnabled) messages.putQueue(project, false);
    });
    state.project = project;
    await messages.settled(["queue"]);
  }

  update(change: Partial<ProjectSettings>, ciConfig: string | null): Promise<Outcome<Project>> {
    return this.#change(change, ciConfig);
  }

  ciConfig(): Outcome<string> {
    const { state } = this.#parts;
    const project = state.current();
    return project.ok ? accept(state.store.ciConfig()) : project;
  }

  resetToken(): Promise<Outcome<Project>> {
    return this.#change({ tokenEpoch: (this.#parts.state.project?.tokenEpoch ?? 0) + 1 });
  }

  checkToken(epoch: number): Outcome<null> {
    const project = this.#parts.state.current();
    if (!project.ok) return refuse({ reason: "forbidden" });
    return project.value.tokenEpoch === epoch ? accept(null) : refuse({ reason: "stale_token" });
  }

  async #change(change: Partial<Project>, ciConfig: string | null = null): Promise<Outcome<Project>> {
    const { sql, state, messages } = this.#parts;
    const before = state.current();
    if (!before.ok) return before;
    const project = { ...before.value, ...change, revision: before.value.revision + 1 };
    sql.transaction(() => {
      state.store.put(project, false);
      if (ciConfig !== null) state.store.putCiConfig(ciConfig);
      messages.putDirectory(project, false);
      if (project.sharedRunnersEnabled !== before.value.sharedRunnersEnabled) messages.putQueue(project, false);
    });
    state.project = project;
    await messages.settled(["directory", "queue"]);
    return accept(project);
  }
}
