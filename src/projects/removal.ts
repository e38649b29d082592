/** The end of a project and of all that it has. */
import { accept } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import type { Sql } from "../storage/sql.ts";
import { buildStub, directoryStub, queueStub } from "../stubs.ts";
import type { ProjectMessages } from "./messages.ts";
import type { ProjectState } from "./state.ts";

/** How many builds are removed at once, and how often in one run of the alarm: an invocation has a bounded number of calls. */
const BATCH = 20;
const MAX_BATCHES = 50;

export interface RemovalParts {
  readonly env: Env;
  readonly storage: DurableObjectStorage;
  readonly sql: Sql;
  readonly state: ProjectState;
  readonly messages: ProjectMessages;
}

export class ProjectRemoval {
  readonly #parts: RemovalParts;

  constructor(parts: RemovalParts) {
    this.#parts = parts;
  }

  /** From here on the project is not found, and nothing of it is handed out. The alarm does the rest. */
  async begin(): Promise<Outcome<null>> {
    const { sql, state, messages } = this.#parts;
    const project = state.current();
    if (!project.ok) return project;
    const last = { ...project.value, revision: project.value.revision + 1 };
    sql.transaction(() => {
      state.store.put(project.value, true);
      messages.putDirectory(last, true);
      messages.putQueue(last, true);
    });
    state.deleting = true;
    await messages.settled(["directory", "queue"]);
    return accept(null);
  }

  /**
   * Removes builds first, with their objects in R2 and their rows in the queue; then what others know of the project;
   * storage last. A run that was cut off is repeated from where it was.
   */
  async continue(): Promise<void> {
    const { env, storage, state, messages } = this.#parts;
    const { project, store } = state;
    if (project === null) return;
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      await Promise.all(store.someBuilds(BATCH).map((id) => this.#removeBuild(id)));
    }
    if (store.someBuilds(1).length > 0) return;
    // Nothing of ours may arrive there after they have forgotten us.
    await messages.outbox.close();
    await queueStub(env).forgetProject(project.id);
    await directoryStub(env).forgetProject(project.id);
    await storage.deleteAll();
    state.project = null;
  }

  async #removeBuild(id: number): Promise<void> {
    const { env, state, messages } = this.#parts;
    // A build that is still to be made must not come to life after it was removed.
    await messages.withdrawBuild(id);
    await buildStub(env, id).remove(id);
    state.store.removeBuild(id);
  }
}
