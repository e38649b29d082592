/**
 * The machines that share a runner's token, by the `system_id` that each gives itself: in memory from a runner's first
 * call on, and in their rows.
 */
import { learned, sameFeatures } from "../core/runner/abilities.ts";
import { refuse, accept } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import type { RunnerInfo, RunnerManager } from "../core/runner/runner.ts";
import type { ManagerStore } from "./manager-store.ts";

/** What a call says of the machine that it comes from. */
export interface Caller {
  /** Tells machines apart that share a token; null where a runner doesn't tell. */
  readonly systemId: string | null;
  /** As the Worker sees it. */
  readonly ipAddress: string | null;
  readonly info: RunnerInfo | null;
}

/** A contact is written down at most this often: a poll costs no row. */
const CONTACT_EVERY_MS = 60_000;
/** Machines of a fleet come and go, each with a name of its own. */
const FORGOTTEN_AFTER_MS = 7 * 86_400_000;
/** Machines name themselves: a bound on what one token could make us remember. */
const MOST_PER_RUNNER = 1000;

/** A claim that is under way has ended long before so many others were removed. */
const MOST_REMOVED = 10_000;

interface Entry {
  manager: RunnerManager;
  storedContactMs: number;
}

export class RunnerManagers {
  readonly #store: ManagerStore;
  readonly #byRunner = new Map<number, Map<string, Entry>>();
  /** On purpose, and not for want of room: what such a machine is about to get goes to somebody else. */
  readonly #removed = new Set<number>();

  constructor(store: ManagerStore) {
    this.#store = store;
  }

  isRemoved(id: number): boolean {
    return this.#removed.has(id);
  }

  find(runnerId: number, systemId: string): RunnerManager | null {
    return this.#of(runnerId).get(systemId)?.manager ?? null;
  }

  /** Those that were heard of lately, the newest first. */
  ofRunner(runnerId: number, nowMs: number): RunnerManager[] {
    this.#forgetSilent(runnerId, nowMs);
    return Array.from(this.#of(runnerId).values(), (entry) => entry.manager).toSorted((a, b) => b.id - a.id);
  }

  /**
   * A machine of this runner was heard of, null for one that doesn't say which. Features that have changed are stored at
   * once: what a claim promises to the build by them must outlive us.
   */
  meet(runnerId: number, { systemId, ipAddress, info }: Caller, nowMs: number): RunnerManager | null {
    if (systemId === null) return null;
    const entry = this.#of(runnerId).get(systemId);
    if (entry === undefined) return this.#add({ runnerId, systemId, info: info ?? {}, ipAddress }, nowMs);
    const before = entry.manager;
    entry.manager = {
      ...before,
      info: learned(before.info, info),
      ipAddress: ipAddress ?? before.ipAddress,
      contactedAtMs: nowMs,
    };
    if (nowMs - entry.storedContactMs >= CONTACT_EVERY_MS || !sameFeatures(before.info, entry.manager.info)) {
      this.#store.put(entry.manager);
      entry.storedContactMs = nowMs;
    }
    return entry.manager;
  }

  /** A machine that is known gave a sign of life elsewhere. */
  contact(runnerId: number, systemId: string, nowMs: number): void {
    if (this.find(runnerId, systemId) !== null) this.meet(runnerId, { systemId, ipAddress: null, info: null }, nowMs);
  }

  /** Call within the transaction of what follows from it, and `removed` after that. */
  remove(runnerId: number, systemId: string): Outcome<RunnerManager> {
    const manager = this.find(runnerId, systemId);
    if (manager === null) return refuse({ reason: "not_found", what: "runner_manager" });
    this.#store.remove(manager.id);
    return accept(manager);
  }

  /** After the row of a machine was removed. */
  removed({ id, runnerId, systemId }: RunnerManager): void {
    if (this.#removed.size >= MOST_REMOVED) this.#removed.clear();
    this.#removed.add(id);
    this.#byRunner.get(runnerId)?.delete(systemId);
  }

  /** After all rows of the runner were removed. */
  forget(runnerId: number): void {
    this.#byRunner.delete(runnerId);
  }

  #of(runnerId: number): Map<string, Entry> {
    const known = this.#byRunner.get(runnerId);
    if (known !== undefined) return known;
    const entries = this.#store
      .ofRunner(runnerId)
      .map((manager) => [manager.systemId, { manager, storedContactMs: manager.contactedAtMs }] as const);
    const loaded = new Map(entries);
    this.#byRunner.set(runnerId, loaded);
    return loaded;
  }

  #add(manager: Pick<RunnerManager, "runnerId" | "systemId" | "info" | "ipAddress">, nowMs: number): RunnerManager {
    const { runnerId, systemId } = manager;
    this.#forgetSilent(runnerId, nowMs);
    const known = this.#of(runnerId);
    if (known.size >= MOST_PER_RUNNER) {
      const silent = [...known.values()].reduce((a, b) => (b.manager.contactedAtMs < a.manager.contactedAtMs ? b : a));
      this.#drop(silent.manager);
    }
    const added = this.#store.add({ ...manager, createdAtMs: nowMs, contactedAtMs: nowMs });
    known.set(systemId, { manager: added, storedContactMs: nowMs });
    return added;
  }

  #forgetSilent(runnerId: number, nowMs: number): void {
    for (const { manager } of this.#of(runnerId).values()) {
      if (nowMs - manager.contactedAtMs >= FORGOTTEN_AFTER_MS) this.#drop(manager);
    }
  }

  #drop({ id, runnerId, systemId }: RunnerManager): void {
    this.#store.remove(id);
    this.#byRunner.get(runnerId)?.delete(systemId);
  }
}
