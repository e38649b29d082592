/**
 * Runners that wait for work. All of it is memory: a poll is worth nothing to anyone after the object is gone, and its
 * client asks again.
 */

export type Wakening =
  /** A build that this poll may take has come. */
  | "work"
  /** The time is over. */
  | "timeout"
  /** Its runner has changed or is gone: whatever was known of it is no longer so. */
  | "changed";

interface Waiter {
  readonly runnerId: number;
  /** Runner and machine: several machines may share one runner's token. */
  readonly machine: string;
  /** Since when this machine has asked in vain, poll after poll. */
  readonly waitingSinceMs: number;
  readonly arrival: number;
  readonly wake: (how: Wakening) => void;
}

/** Machines name themselves: a bound on what a client could make us remember. Past it all start to wait anew. */
const MOST_MACHINES = 20_000;

export class WaitingPolls {
  readonly #waiters = new Set<Waiter>();
  readonly #waitingSince = new Map<string, { sinceMs: number; lastPollMs: number }>();
  #arrivals = 0;

  get size(): number {
    return this.#waiters.size;
  }

  isWaiting(runnerId: number): boolean {
    for (const waiter of this.#waiters) if (waiter.runnerId === runnerId) return true;
    return false;
  }

  /**
   * Notes that the machine asked at `nowMs` and got nothing. A machine that hasn't asked for longer than `patienceMs`
   * starts to wait anew.
   */
  inVain(machine: string, nowMs: number, patienceMs: number): void {
    const known = this.#waitingSince.get(machine);
    const goesOn = known !== undefined && nowMs - known.lastPollMs <= patienceMs;
    if (!goesOn && this.#waitingSince.size >= MOST_MACHINES) this.#waitingSince.clear();
    this.#waitingSince.set(machine, { sinceMs: goesOn ? known.sinceMs : nowMs, lastPollMs: nowMs });
  }

  /** The machine got work: others have waited longer from now on. */
  served(machine: string): void {
    this.#waitingSince.delete(machine);
  }

  /** Resolves when woken, or as "timeout" after `ms`. The timer goes with it. */
  wait(runnerId: number, machine: string, ms: number): Promise<Wakening> {
    return new Promise((resolve) => {
      const wake = (how: Wakening) => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        resolve(how);
      };
      const timer = setTimeout(() => wake("timeout"), ms);
      const waitingSinceMs = this.#waitingSince.get(machine)?.sinceMs ?? 0;
      const waiter = { runnerId, machine, waitingSinceMs, arrival: ++this.#arrivals, wake };
      this.#waiters.add(waiter);
    });
  }

  /** Wakes the one that has waited longest of those that `mayTake`; of one machine the newest poll, as older ones are likely ghosts. */
  wakeOne(mayTake: (runnerId: number) => boolean): void {
    let next: Waiter | null = null;
    for (const waiter of this.#waiters) {
      if (!mayTake(waiter.runnerId)) continue;
      if (next === null || goesBefore(waiter, next)) next = waiter;
    }
    next?.wake("work");
  }

  /** Ends all polls of a runner. */
  release(runnerId: number): void {
    for (const waiter of this.#waiters) if (waiter.runnerId === runnerId) waiter.wake("changed");
  }
}

const goesBefore = (one: Waiter, other: Waiter): boolean =>
  one.machine === other.machine
    ? one.arrival > other.arrival
    : one.waitingSinceMs < other.waitingSinceMs ||
      (one.waitingSinceMs === other.waitingSinceMs && one.arrival < other.arrival);
