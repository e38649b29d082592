/**
 * Claims: from a pending row to a build that a runner holds. The row is marked before the build is asked, and the build
 * decides. Whatever a crash leaves in between is found by `reconcile`, which asks the builds of doubtful rows.
 */
import { log } from "../log.ts";
import type { Abilities } from "../core/runner/abilities.ts";
import type { RunnerRef } from "../core/build/build.ts";
import type { ClaimedBuild, QueueFigures } from "../core/build/claimed.ts";
import type { Runner, Machine } from "../core/runner/runner.ts";
import { groupKey } from "../core/runner/matching.ts";
import type { QueueNotice } from "../core/build/summary.ts";
import { buildStub } from "../stubs.ts";
import type { PendingGroups } from "./groups.ts";
import type { Machines } from "./machines.ts";
import type { Matchmaker } from "./matchmaker.ts";
import type { Runners } from "./runners.ts";
import type { QueuedRow } from "./schema.ts";
import type { Holder, QueueStore } from "./store.ts";

/** Who asks for a build. */
export interface Claimant {
  readonly runner: Runner;
  /** Which machine of it, null where it doesn't tell. */
  readonly machine: Pick<Machine, "id" | "systemId"> | null;
  readonly abilities: Abilities;
}

export interface Claimed {
  readonly build: ClaimedBuild;
  readonly figures: QueueFigures;
}

export interface ClaimsParts {
  readonly env: Env;
  readonly store: QueueStore;
  readonly groups: PendingGroups;
  readonly matchmaker: Matchmaker;
  readonly runners: Runners;
  readonly machines: Machines;
  /** Has the alarm look at the rows by this time. */
  readonly armBy: (atMs: number) => void;
}

/** While builds are held, their rows are looked after this often. */
export const RECONCILE_EVERY_MS = 60_000;
/** A held build that said nothing to the queue for so long is asked. */
const OLD_ROW_MS = 600_000;
const RECONCILE_BATCH = 50;
/** An earlier life of the object may have been on a machine whose clock was ahead by so much. */
const CLOCK_SKEW_MS = 5_000;
/** A build whose claim broke off stands aside for so long, until it is asked. */
export const FAULT_MS = 5_000;
const MAX_FAULTS_PER_POLL = 3;

export class Claims {
  readonly #parts: ClaimsParts;
  readonly #startedMs = Date.now();
  /** Claims whose call to the build is under way: nobody else may judge their rows. */
  readonly #underWay = new Set<number>();

  constructor(parts: ClaimsParts) {
    this.#parts = parts;
  }

  /** Picks and claims until a build is claimed or nothing is left that this runner may take. */
  async next(asking: Claimant, requestId?: string): Promise<Claimed | null> {
    const { store, groups, matchmaker } = this.#parts;
    let claimant: Claimant | null = asking;
    for (let faults = 0; claimant !== null && faults < MAX_FAULTS_PER_POLL;) {
      const match = matchmaker.pick(claimant.runner);
      if (match === null) return null;
      const { row, figures } = match;
      if (!store.hold(row, holderOf(claimant), Date.now())) {
        groups.recount(row.group_key);
        continue;
      }
      groups.removed(row.group_key);
      this.#parts.armBy(Date.now() + RECONCILE_EVERY_MS);
      const claimed = await this.#claim(row, claimant, requestId);
      if (claimed === "fault") faults++;
      else if (claimed !== "refused") return { build: claimed, figures };
      claimant = this.#asItIs(claimant);
    }
    return null;
  }

  /** The runner may have been changed meanwhile; null when it is to have nothing now. */
  #asItIs(claimant: Claimant): Claimant | null {
    const runner = this.#parts.runners.get(claimant.runner.id);
    return runner !== null && !runner.paused && this.isStill(claimant) ? { ...claimant, runner } : null;
  }

  /** Stores what a build says of itself, and offers it to those who wait. */
  applyNotice(notice: QueueNotice, known: QueuedRow | null): void {
    const { store, groups, matchmaker } = this.#parts;
    if (notice.state !== "gone") store.put(notice, known, Date.now());
    else if (known !== null) store.end(notice, known);
    const key = groupKey(notice);
    const stays = notice.state === "pending" && known?.state === "pending" && known.group_key === key;
    if (known?.state === "pending" && !stays) groups.removed(known.group_key);
    // One that waits as before has a new revision, which claims must name.
    if (stays) groups.changed(key);
    else if (notice.state === "pending") matchmaker.arrived(notice);
  }

  /** Asks the builds of rows that are old, or that an earlier life of this object may have left half done. */
  async reconcile(): Promise<void> {
    const doubtfulMs = Math.max(this.#startedMs + CLOCK_SKEW_MS, Date.now() - OLD_ROW_MS);
    const rows = this.#parts.store.heldAskedBefore(doubtfulMs, RECONCILE_BATCH);
    const doubtful = rows.filter((row) => !this.#underWay.has(row.build_id));
    // One that can't be asked now is asked next time, and keeps nobody else waiting.
    await Promise.allSettled(doubtful.map((row) => this.#ask(row.build_id)));
    if (rows.length === RECONCILE_BATCH) this.#parts.armBy(Date.now() + FAULT_MS);
  }

  async #claim(
    row: QueuedRow,
    claimant: Claimant,
    requestId: string | undefined,
  ): Promise<ClaimedBuild | "refused" | "fault"> {
    const { env, store } = this.#parts;
    this.#underWay.add(row.build_id);
    try {
      const { revision } = row;
      const request = { revision, runner: reference(claimant), twoPhase: claimant.abilities.twoPhase };
      const claimed = await buildStub(env, row.build_id).claim(request, requestId);
      if (!claimed.ok) {
        await this.#ask(row.build_id);
        return "refused";
      }
      const isWanted = this.isStill(claimant) && !this.#parts.matchmaker.isStopped(row.project_id);
      if (isWanted) return claimed.value;
      // The runner was deleted or reset during the call, or the project is being removed: this runner doesn't get the build.
      await buildStub(env, row.build_id).release(claimed.value.summary.attempt, requestId);
      return "refused";
    } catch (error) {
      log("error", "claim_failed", { request_id: requestId, build: row.build_id, error: String(error) });
      // Whether it was claimed is unknown: the row stays taken, so that it stops nobody, and the build is asked soon.
      store.asked(row.build_id, row.revision, 0);
      this.#parts.armBy(Date.now() + FAULT_MS);
      return "fault";
    } finally {
      this.#underWay.delete(row.build_id);
    }
  }

  /** Neither deleted nor reset since it asked. */
  isStill({ runner, machine }: Claimant): boolean {
    const { runners, machines } = this.#parts;
    if (!runners.authenticate(runner.id, runner.epoch).ok) return false;
    return machine === null || !machines.isRemoved(machine.id);
  }

  /** Puts the row right by what the build itself says. */
  async #ask(buildId: number): Promise<void> {
    const { env, store } = this.#parts;
    const notice = await buildStub(env, buildId).notice(buildId);
    const known = store.find(buildId);
    if (known === null) return;
    const unchanged = known.revision === notice.revision && known.state === notice.state;
    if (unchanged) store.asked(buildId, known.revision, Date.now());
    else if (notice.state === "gone" || notice.revision >= known.revision) this.applyNotice(notice, known);
  }
}

const holderOf = ({ runner, machine }: Claimant): Holder => ({
  runnerId: runner.id,
  epoch: runner.epoch,
  machineId: machine?.id ?? null,
  shared: runner.projects === null,
});

const reference = ({ runner, machine, abilities }: Claimant): RunnerRef => ({
  id: runner.id,
  epoch: runner.epoch,
  description: runner.description,
  tags: runner.tags,
  shared: runner.projects === null,
  cancelGracefully: abilities.cancelGracefully,
  resendsTrace: abilities.resendsTrace,
  manager: machine,
  maximumTimeoutSeconds: runner.maximumTimeoutSeconds,
  legacy: abilities.legacy,
});
