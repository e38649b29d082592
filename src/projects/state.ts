/** The project itself as its object knows it, beside its rows. */
import type { Project } from "../core/project.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import type { ProjectStore } from "./store.ts";

export class ProjectState {
  readonly store: ProjectStore;
  /** Null before it is created, and after it is gone. */
  project: Project | null = null;
  /** From here on nothing new is made, and the alarm removes what there is. */
  deleting = false;

  constructor(store: ProjectStore) {
    this.store = store;
  }

  load(): void {
    const stored = this.store.load();
    this.project = stored?.project ?? null;
    this.deleting = stored?.deleting ?? false;
  }

  /** The project, for whoever asks for it. Errors: `not_found`, also while it is being removed. */
  current(): Outcome<Project> {
    return this.project === null || this.deleting
      ? refuse({ reason: "not_found", what: "project" })
      : accept(this.project);
  }
}
