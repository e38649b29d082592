/**
 * The pending builds as a claim looks at them: by group, with the first of each and how many there are. A copy of the index
 * in memory, so that a claim costs the number of groups, not of builds; made anew from the rows whenever the object starts.
 */
import type { PendingBuilds } from "./metrics.ts";
import type { GroupTraits } from "../core/runner/matching.ts";
import type { QueuedRow } from "./schema.ts";
import { arrivedMs } from "./schema.ts";
import type { QueueStore } from "./store.ts";

/** Of tag sets that metrics tell apart, those with the most builds: jobs can invent tags without end. */
const MAX_TAG_SETS = 200;

export interface Group extends GroupTraits {
  readonly key: string;
  readonly head: QueuedRow;
  readonly position: number;
  readonly builds: number;
}

export class PendingGroups {
  readonly #store: QueueStore;
  readonly #groups = new Map<string, Group>();

  constructor(store: QueueStore) {
    this.#store = store;
  }

  load(): void {
    this.#groups.clear();
    for (const { groupKey, builds } of this.#store.pendingByGroup()) this.#set(groupKey, builds);
  }

  get(key: string): Group | null {
    return this.#groups.get(key) ?? null;
  }

  /** After a build of this group has become pending. */
  added(key: string): Group | null {
    return this.#set(key, this.#buildsIn(key) + 1);
  }

  /** After a build of this group has ceased to be pending. */
  removed(key: string): Group | null {
    return this.#set(key, this.#buildsIn(key) - 1);
  }

  /** After a build of this group has changed, and still is pending. */
  changed(key: string): Group | null {
    return this.#set(key, this.#buildsIn(key));
  }

  /** When what is here turns out not to be what the rows say. */
  recount(key: string): Group | null {
    return this.#set(key, this.#store.pendingIn(key));
  }

  /** How many builds wait for runners with these tags, and how long the oldest of them has. */
  pendingByTags(nowMs: number): PendingBuilds[] {
    const sets = new Map<string, PendingBuilds>();
    for (const { head, tags: unsorted, builds } of this.#groups.values()) {
      const tags = unsorted.toSorted();
      const key = JSON.stringify(tags);
      const known = sets.get(key);
      const oldestAgeMs = Math.max(known?.oldestAgeMs ?? 0, nowMs - arrivedMs(head));
      sets.set(key, { tags, builds: builds + (known?.builds ?? 0), oldestAgeMs });
    }
    const largest = [...sets.values()].toSorted((a, b) => b.builds - a.builds);
    return largest.slice(0, MAX_TAG_SETS);
  }

  all(): Iterable<Group> {
    return this.#groups.values();
  }

  #buildsIn(key: string): number {
    return this.#groups.get(key)?.builds ?? 0;
  }

  /** Looks up its first build again; where there is one, the count of others can't be wrong for long. */
  #set(key: string, builds: number): Group | null {
    const head = this.#store.headOf(key);
    if (head === null) {
      this.#groups.delete(key);
      return null;
    }
    const group = {
      key,
      projectId: head.project_id,
      tags: JSON.parse(head.tags) as string[],
      refProtected: head.ref_protected === 1,
      avoidRunnerId: head.avoid_runner_id,
      head,
      position: head.position,
      builds: builds > 0 ? builds : this.#store.pendingIn(key),
    };
    this.#groups.set(key, group);
    return group;
  }
}
