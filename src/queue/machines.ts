/**
 * The machines that share a runner's token, by the `system_id` that each gives itself: in memory from a runner's first
 * call on, and in their rows.
 */
import { learned, sameFeatures } from "../core/runner/abilities.ts";
import { refuse, accept } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import type { RunnerInfo, Machine } from "../core/runner/runner.ts";
import type { MachineStore } from "./machine-store.ts";

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
const MAX_PER_RUNNER = 1000;

/** A claim that is under way has ended long before so many others were removed. */
const MAX_REMOVED = 10_000;

interface Entry {
  machine: Machine;
  storedContactMs: number;
}

export class Machines {
  readonly #store: MachineStore;
  readonly #byRunner = new Map<number, Map<string, Entry>>();
  /** On purpose, and not for want of room: what such a machine is about to get goes to somebody else. */
  readonly #removed = new Set<number>();

  constructor(store: MachineStore) {
    this.#store = store;
  }

  isRemoved(id: number): boolean {
    return this.#removed.has(id);
  }

  find(runnerId: number, systemId: string): Machine | null {
    return this.#of(runnerId).get(systemId)?.machine ?? null;
  }

  /** Those that were heard of lately, the newest first. */
  ofRunner(runnerId: number, nowMs: number): Machine[] {
    this.#forgetSilent(runnerId, nowMs);
    return Array.from(this.#of(runnerId).values(), (entry) => entry.machine).toSorted((a, b) => b.id - a.id);
  }

  /**
   * A machine of this runner was heard of, null for one that doesn't say which. Features that have changed are stored at
   * once: what a claim promises to the build by them must outlive us.
   */
  meet(runnerId: number, { systemId, ipAddress, info }: Caller, nowMs: number): Machine | null {
    if (systemId === null) return null;
    const entry = this.#of(runnerId).get(systemId);
    if (entry === undefined) return this.#add({ runnerId, systemId, info: info ?? {}, ipAddress }, nowMs);
    const before = entry.machine;
    entry.machine = {
      ...before,
      info: learned(before.info, info),
      ipAddress: ipAddress ?? before.ipAddress,
      contactedAtMs: nowMs,
    };
    if (nowMs - entry.storedContactMs >= CONTACT_EVERY_MS || !sameFeatures(before.info, entry.machine.info)) {
      this.#store.put(entry.machine);
      entry.storedContactMs = nowMs;
    }
    return entry.machine;
  }

  /** A machine that is known gave a sign of life elsewhere. */
  contact(runnerId: number, systemId: string, nowMs: number): void {
    if (this.find(runnerId, systemId) !== null) this.meet(runnerId, { systemId, ipAddress: null, info: null }, nowMs);
  }

  /** Call within the transaction of what follows from it, and `removed` after that. */
  remove(runnerId: number, systemId: string): Outcome<Machine> {
    const machine = this.find(runnerId, systemId);
    if (machine === null) return refuse({ reason: "not_found", what: "runner_manager" });
    this.#store.remove(machine.id);
    return accept(machine);
  }

  /** After the row of a machine was removed. */
  removed({ id, runnerId, systemId }: Machine): void {
    if (this.#removed.size >= MAX_REMOVED) this.#removed.clear();
    this.#removed.add(id);
    this.#byRunner.get(runnerId)?.delete(systemId);
  }

  /** After all rows of the runner were removed. */
  runnerRemoved(runnerId: number): void {
    this.#byRunner.delete(runnerId);
  }

  #of(runnerId: number): Map<string, Entry> {
    const known = this.#byRunner.get(runnerId);
    if (known !== undefined) return known;
    const entries = this.#store
      .ofRunner(runnerId)
      .map((machine) => [machine.systemId, { machine, storedContactMs: machine.contactedAtMs }] as const);
    const loaded = new Map(entries);
    this.#byRunner.set(runnerId, loaded);
    return loaded;
  }

  #add(machine: Pick<Machine, "runnerId" | "systemId" | "info" | "ipAddress">, nowMs: number): Machine {
    const { runnerId, systemId } = machine;
    this.#forgetSilent(runnerId, nowMs);
    const known = this.#of(runnerId);
    if (known.size >= MAX_PER_RUNNER) {
      const silent = [...known.values()].reduce((a, b) => (b.machine.contactedAtMs < a.machine.contactedAtMs ? b : a));
      this.#drop(silent.machine);
    }
    const added = this.#store.add({ ...machine, createdAtMs: nowMs, contactedAtMs: nowMs });
    known.set(systemId, { machine: added, storedContactMs: nowMs });
    return added;
  }

  #forgetSilent(runnerId: number, nowMs: number): void {
    for (const { machine } of this.#of(runnerId).values()) {
      if (nowMs - machine.contactedAtMs >= FORGOTTEN_AFTER_MS) this.#drop(machine);
    }
  }

  #drop({ id, runnerId, systemId }: Machine): void {
    this.#store.remove(id);
    this.#byRunner.get(runnerId)?.delete(systemId);
  }
}
