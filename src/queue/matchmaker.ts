/** Brings pending builds and runners together: what a runner may take next, and who is woken for a build. */
import type { QueueFigures } from "../core/build/claimed.ts";
import { firstOf, groupKey, suits } from "../core/runner/matching.ts";
import type { GroupTraits } from "../core/runner/matching.ts";
import type { Runner } from "../core/runner/runner.ts";
import type { QueueNotice } from "../core/build/summary.ts";
import type { Group, PendingGroups } from "./groups.ts";
import type { WaitingLine } from "./waiting-line.ts";
import type { Runners } from "./runners.ts";
import type { QueuedRow } from "./schema.ts";
import type { QueueStore } from "./store.ts";

export interface MatchmakerParts {
  readonly store: QueueStore;
  readonly groups: PendingGroups;
  readonly runners: Runners;
  readonly line: WaitingLine;
  /** For so long after it asked a runner counts as one that may come for a build. */
  readonly leaseMs: number;
}

/** A pending build that a runner is to have. */
export interface Match {
  readonly row: QueuedRow;
  readonly figures: QueueFigures;
}

export class Matchmaker {
  readonly #parts: MatchmakerParts;
  /** Projects that instance runners don't serve. */
  readonly #closedProjects = new Set<number>();
  /** Projects that are being removed: nobody gets their builds any more. */
  readonly #stoppedProjects = new Set<number>();

  constructor(parts: MatchmakerParts) {
    this.#parts = parts;
  }

  load(): void {
    this.#parts.groups.load();
    for (const projectId of this.#parts.store.closedProjects()) this.#closedProjects.add(projectId);
    for (const projectId of this.#parts.store.stoppedProjects()) this.#stoppedProjects.add(projectId);
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

  isStopped(projectId: number): boolean {
    return this.#stoppedProjects.has(projectId);
  }

  stopProject(projectId: number): void {
    this.#parts.store.stopProject(projectId);
    this.#stoppedProjects.add(projectId);
  }

  projectRemoved(projectId: number): void {
    this.#parts.store.removeProject(projectId);
    this.#closedProjects.delete(projectId);
    this.#stoppedProjects.delete(projectId);
  }

  /** The pending build that this runner is to have next; looks at groups, not at the builds in them. */
  pick(runner: Runner): Match | null {
    const candidates: Group[] = [];
    let queueSize = 0;
    for (const group of this.#parts.groups.all()) {
      if (!this.#mayTake(runner, group)) continue;
      candidates.push(group);
      queueSize += group.builds;
    }
    if (candidates.length === 0) return null;
    const running = runner.projects === null ? this.#parts.store.runningByProject() : null;
    const first = firstOf(candidates, (projectId) => running?.get(projectId) ?? 0);
    if (first === null) return null;
    const projectRunningOnInstanceRunners = running === null ? null : (running.get(first.projectId) ?? 0);
    // Its group's first is looked at and no other: a claim never walks over builds that it can't give.
    return { row: first.head, figures: { queueSize, queueDepth: 1, projectRunningOnInstanceRunners } };
  }

  /** A build has become pending. */
  arrived(notice: QueueNotice): void {
    const group = this.#parts.groups.added(groupKey(notice));
    if (group !== null) this.#offerOrTell(group);
  }

  /** After a change to runners or projects: whoever waits may find something now. */
  offerAll(): void {
    for (const group of this.#parts.groups.all()) this.#offer(group);
  }

  /** Whoever was woken for a build of this group has come, and may have left it to others. */
  offerAgain(key: string): void {
    const group = this.#parts.groups.get(key);
    if (group !== null) this.#offerOrTell(group);
  }

  /**
   * What nobody waits for is news to all that might take it. What somebody was woken for isn't: to the others nothing has
   * changed, and their next polls are held as if it had never been there.
   */
  #offerOrTell(group: Group): void {
    if (!this.#offer(group)) this.#parts.runners.moveCursors((runner) => this.#suits(runner, group));
  }

  /** Wakes as many as the group has builds for which nobody has been woken yet; false when there are fewer. */
  #offer(group: Group): boolean {
    const { line, runners } = this.#parts;
    const mayTake = (runnerId: number): boolean => {
      const runner = runners.get(runnerId);
      return runner !== null && !runner.paused && this.#mayTake(runner, group);
    };
    for (let unoffered = group.builds - line.wokenFor(group.key); unoffered > 0; unoffered--) {
      if (!line.wakeOne(group.key, mayTake)) return false;
    }
    return true;
  }

  #mayTake(runner: Runner, group: GroupTraits): boolean {
    return this.#suits(runner, group) && !this.#leavesToOthers(runner, group);
  }

  #suits(runner: Runner, group: GroupTraits): boolean {
    return !this.isStopped(group.projectId) && suits(runner, group, this.allowsInstanceRunners(group.projectId));
  }

  /** It lost this build's last claim, and another runner that may take it has asked for work lately. */
  #leavesToOthers(runner: Runner, group: GroupTraits): boolean {
    if (group.avoidRunnerId !== runner.id) return false;
    const { runners, line, leaseMs } = this.#parts;
    const sinceMs = Date.now() - leaseMs;
    return runners
      .all()
      .some(
        (other) =>
          other.id !== runner.id &&
          !other.paused &&
          this.#suits(other, group) &&
          (runners.polledAtMs(other.id) >= sinceMs || line.isWaiting(other.id)),
      );
  }
}
