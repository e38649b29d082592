/** The artifacts of all builds of a project are deleted, while new builds go on: by the alarm, a few builds at a time. */
import { accept } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import { buildStub } from "../stubs.ts";
import type { ProjectState } from "./state.ts";

/** How many builds are asked at once, and how often in one run of the alarm: an invocation has a bounded number of calls. */
const BATCH = 20;
const MAX_BATCHES = 20;

export interface DeletionParts {
  readonly env: Env;
  readonly state: ProjectState;
}

export class ArtifactDeletion {
  readonly #parts: DeletionParts;
  /** Builds with smaller numbers are yet to be asked; null when there is nothing to do. As it is stored. */
  #below: number | null = null;

  constructor(parts: DeletionParts) {
    this.#parts = parts;
  }

  load(): void {
    this.#below = this.#parts.state.store.deletionBelow();
  }

  /** Of all builds that there are now. Errors: `not_found`. */
  begin(): Outcome<null> {
    const { state } = this.#parts;
    const project = state.current();
    if (!project.ok) return project;
    this.#put(state.store.newestBuild() + 1);
    return accept(null);
  }

  get isDue(): boolean {
    return this.#below !== null;
  }

  /** The newest first; a run that was cut off asks the last few builds again, which changes nothing. */
  async continue(): Promise<void> {
    const { env, state } = this.#parts;
    for (let batch = 0; batch < MAX_BATCHES && this.#below !== null; batch++) {
      const ids = state.store.buildsWithArtifacts(this.#below, BATCH);
      // A build that is gone, or erased, has none.
      await Promise.all(ids.map((id) => buildStub(env, id).deleteArtifacts(null)));
      this.#put(ids.at(-1) ?? null);
    }
  }

  #put(below: number | null): void {
    this.#parts.state.store.putDeletionBelow(below);
    this.#below = below;
  }
}
