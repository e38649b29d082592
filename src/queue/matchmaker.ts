/** Brings pending builds and runners together: what a runner may take next, and who is woken for a build. */
import { firstOf, groupKey, suits } from "../core/matching.ts";
import type { GroupTraits } from "../core/matching.ts";
import type { Runner } from "../core/runner.ts";
import type { QueueNotice } from "../core/summary.ts";
import type { Group, PendingGroups } from "./groups.ts";
import type { WaitingPolls } from "./polls.ts";
import type { Runners } from "./runners.ts";
import type { QueuedRow } from "./schema.ts";
import type { QueueStore } from "./store.ts";

export interface MatchmakerParts {
  readonly store: QueueStore;
  readonly groups: PendingGroups;
  readonly runners: Runners;
  readonly polls: WaitingPolls;
  /** For so long after it asked a runner counts as one that may come for a build. */
  readonly leaseMs: number;
}

export class Matchmaker {
  readonly #parts: MatchmakerParts;
  /** Projects that instance runners don't serve. */
  readonly #closedProjects = new Set<number>();

  constructor(parts: MatchmakerParts) {
    this.#parts = parts;
  }

  load(): void {
    this.#parts.groups.load();
    for (const projectId of this.#parts.store.closedProjects()) this.#closedProjects.add(projectId);
  }

  allowsInstanceRunners(projectId: number): boolean {
    return !this.#closedProjects.has(projectId);
  }

  allowInstanceRunners(projectId: number, allowed: boolean): void {
    if (allowed) {
      this.#parts.store.openProject(projectId);
      this.#closedProjects.delete(projectId);
      this.offerAll();
    } else {
      this.#parts.store.closeProject(projectId);
      this.#closedProjects.add(projectId);
    }
  }

  /** The pending build that this runner is to have next; looks at groups, not at the builds in them. */
  pick(runner: Runner): QueuedRow | null {
    const candidates: Group[] = [];
    for (const group of this.#parts.groups.all()) if (this.#mayTake(runner, group)) candidates.push(group);
    if (candidates.length === 0) return null;
    const running = runner.projects === null ? this.#parts.store.runningByProject() : new Map<number, number>();
    return firstOf(candidates, (projectId) => running.get(projectId) ?? 0)?.head ?? null;
  }

  /** Pending builds of this group have gone: the next in line may look at what is left. */
  taken(key: string): void {
    const rest = this.#parts.groups.refresh(key);
    // A whole group may have become free at once, so each that takes from it wakes another.
    if (rest !== null) this.#offer(rest);
  }

  /** A build has become pending. */
  arrived(notice: QueueNotice): void {
    const group = this.#parts.groups.refresh(groupKey(notice));
    this.#parts.runners.tick((runner) => this.#suits(runner, notice));
    if (group !== null) this.#offer(group);
  }

  /** After a change to runners or projects: whoever waits may find something now. */
  offerAll(): void {
    for (const group of this.#parts.groups.all()) this.#offer(group);
  }

  #offer(group: Group): void {
    this.#parts.polls.wakeOne((runnerId) => {
      const runner = this.#parts.runners.get(runnerId);
      return runner !== null && !runner.paused && this.#mayTake(runner, group);
    });
  }

  #mayTake(runner: Runner, group: GroupTraits): boolean {
    return this.#suits(runner, group) && !this.#leavesToOthers(runner, group);
  }

  #suits(runner: Runner, group: GroupTraits): boolean {
    return suits(runner, group, this.allowsInstanceRunners(group.projectId));
  }

  /** It lost this build's last claim, and another runner that may take it has asked for work lately. */
  #leavesToOthers(runner: Runner, group: GroupTraits): boolean {
    if (group.avoidRunnerId !== runner.id) return false;
    const { runners, polls, leaseMs } = this.#parts;
    const sinceMs = Date.now() - leaseMs;
    return runners
      .all()
      .some(
        (other) =>
          other.id !== runner.id &&
          !other.paused &&
          this.#suits(other, group) &&
          (runners.polledAtMs(other.id) >= sinceMs || polls.isWaiting(other.id)),
      );
  }
}
