/**
 * The pending builds as a claim looks at them: by group, with only the first of each. A copy of the index in memory, so
 * that a claim costs the number of groups, not of builds; made anew from the rows whenever the object starts.
 */
import type { GroupTraits } from "../core/matching.ts";
import type { QueuedRow } from "./schema.ts";
import type { QueueStore } from "./store.ts";

export interface Group extends GroupTraits {
  readonly head: QueuedRow;
  readonly position: number;
}

/** Of all projects, by the tags that a runner must have. */
export interface PendingBuilds {
  readonly tags: readonly string[];
  readonly builds: number;
  readonly oldestAgeMs: number;
}

export class PendingGroups {
  readonly #store: QueueStore;
  readonly #groups = new Map<string, Group>();

  constructor(store: QueueStore) {
    this.#store = store;
  }

  load(): void {
    this.#groups.clear();
    for (let head = this.#store.headAfter(""); head !== null; head = this.#store.headAfter(head.group_key)) {
      this.#set(head);
    }
  }

  /** After any change to builds of this group: looks up its first build again. */
  refresh(key: string): Group | null {
    const head = this.#store.headOf(key);
    if (head !== null) return this.#set(head);
    this.#groups.delete(key);
    return null;
  }

  /** How many builds wait for runners with these tags, and how long the oldest of them has. */
  pendingByTags(nowMs: number): PendingBuilds[] {
    const sets = new Map<string, PendingBuilds>();
    for (const { groupKey, builds, oldestMs } of this.#store.pendingByGroup()) {
      const tags = this.#groups.get(groupKey)?.tags.toSorted() ?? [];
      const key = JSON.stringify(tags);
      const known = sets.get(key);
      const oldestAgeMs = Math.max(known?.oldestAgeMs ?? 0, nowMs - oldestMs);
      sets.set(key, { tags, builds: builds + (known?.builds ?? 0), oldestAgeMs });
    }
    return [...sets.values()];
  }

  all(): Iterable<Group> {
    return this.#groups.values();
  }

  #set(head: QueuedRow): Group {
    const group = {
      projectId: head.project_id,
      tags: JSON.parse(head.tags) as string[],
      avoidRunnerId: head.avoid_runner_id,
      head,
      position: head.position,
    };
    this.#groups.set(head.group_key, group);
    return group;
  }
}
