/**
 * Runners that wait for work. All of it is memory: a poll is worth nothing to anyone after the object is gone, and its
 * client asks again.
 */

interface Waiter {
  readonly runnerId: number;
  /** Runner and machine: several machines may share one runner's token. */
  readonly machine: string;
  readonly wake: () => void;
}

/** Machines name themselves: a bound on what a client could make us remember. Past it all start to wait anew. */
const MOST_MACHINES = 20_000;

export class WaitingPolls {
  readonly #waiters = new Set<Waiter>();
  /** Since when each machine has asked in vain, poll after poll. */
  readonly #waitingSince = new Map<string, { sinceMs: number; lastPollMs: number }>();

  get size(): number {
    return this.#waiters.size;
  }

  waitingRunners(): Set<number> {
    return new Set(Array.from(this.#waiters, (waiter) => waiter.runnerId));
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
  served(machine: string, nowMs: number): void {
    if (this.#waitingSince.has(machine)) this.#waitingSince.set(machine, { sinceMs: nowMs, lastPollMs: nowMs });
  }

  /** Resolves when woken, or after `ms`: in either case the caller looks again. The timer goes with it. */
  wait(runnerId: number, machine: string, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      const waiter = { runnerId, machine, wake };
      this.#waiters.add(waiter);
    });
  }

  /** Wakes the one that has waited longest of those that `mayTake`; of one machine the newest poll, as older ones are likely ghosts. */
  wakeOne(mayTake: (runnerId: number) => boolean): void {
    // In order of arrival, so that the last poll of each machine stays.
    const newest = new Map<string, Waiter>();
    for (const waiter of this.#waiters) if (mayTake(waiter.runnerId)) newest.set(waiter.machine, waiter);
    let next: Waiter | null = null;
    for (const waiter of newest.values()) {
      if (next === null || this.#sinceMs(waiter) < this.#sinceMs(next)) next = waiter;
    }
    next?.wake();
  }

  /** Ends all polls of a runner. */
  release(runnerId: number): void {
    for (const waiter of this.#waiters) if (waiter.runnerId === runnerId) waiter.wake();
  }

  #sinceMs(waiter: Waiter): number {
    return this.#waitingSince.get(waiter.machine)?.sinceMs ?? 0;
  }
}
