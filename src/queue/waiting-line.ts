/**
 * Runners that wait for work. All of it is memory: a poll is worth nothing to anyone after the object is gone, and its
 * client asks again.
 */

/** A newer poll of the same machine has taken its place. */
export const SUPERSEDED = Symbol("superseded");

type Wake = (wokenFor: string | null | typeof SUPERSEDED) => void;

interface Waiter {
  readonly runnerId: number;
  lastPollMs: number;
  /** Its held polls in order of arrival: how each is woken. */
  readonly held: Wake[];
}

/** Machines name themselves: a bound on what a client could make us remember. Past it all that hold no poll wait anew. */
const MAX_WAITERS = 20_000;

export class WaitingLine {
  /** In the order in which they began to ask in vain, poll after poll: whoever has waited longest comes first. */
  readonly #waiters = new Map<string, Waiter>();
  readonly #heldByRunner = new Map<number, number>();
  /** For how many of a group's builds somebody was woken who has not come yet. */
  readonly #woken = new Map<string, number>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  waitingRunners(): ReadonlySet<number> {
    return new Set(this.#heldByRunner.keys());
  }

  isWaiting(runnerId: number): boolean {
    return this.#heldByRunner.has(runnerId);
  }

  /**
   * Notes that the machine asked at `nowMs` and got nothing. A machine that hasn't asked for longer than `patienceMs`
   * starts to wait anew.
   */
  inVain(machine: string, runnerId: number, nowMs: number, patienceMs: number): void {
    const known = this.#waiters.get(machine);
    if (known !== undefined && nowMs - known.lastPollMs <= patienceMs) {
      known.lastPollMs = nowMs;
      return;
    }
    if (known === undefined && this.#waiters.size >= MAX_WAITERS) this.#forgetIdle();
    this.#toEnd(machine, { runnerId, lastPollMs: nowMs, held: known?.held ?? [] });
  }

  /** The machine got work: others have waited longer from now on. */
  served(machine: string, nowMs: number): void {
    const known = this.#waiters.get(machine);
    if (known === undefined) return;
    known.lastPollMs = nowMs;
    this.#toEnd(machine, known);
  }

  /**
   * Resolves when woken, or after `ms`: in either case the caller looks again. The timer goes with it. Resolves with the
   * group for which it was woken, which the caller owes to `came`; null when nobody needs to know; `SUPERSEDED` for the
   * oldest poll of a machine that holds more than `maxHeld`, which is not to look again: its client has gone, most likely.
   */
  wait(machine: string, ms: number, maxHeld: number): Promise<string | null | typeof SUPERSEDED> {
    const waiting = this.#waiters.get(machine);
    if (waiting === undefined) throw new Error("who waits has asked in vain");
    const { runnerId, held } = waiting;
    return new Promise((resolve) => {
      const wake: Wake = (wokenFor) => {
        clearTimeout(timer);
        held.splice(held.indexOf(wake), 1);
        this.#count(runnerId, -1);
        resolve(wokenFor);
      };
      const timer = setTimeout(wake, ms, null);
      held.push(wake);
      this.#count(runnerId, 1);
      if (held.length > maxHeld) held[0]?.(SUPERSEDED);
    });
  }

  /** How many were woken for builds of this group and have not come yet. */
  wokenFor(group: string): number {
    return this.#woken.get(group) ?? 0;
  }

  came(group: string): void {
    const others = this.wokenFor(group) - 1;
    if (others > 0) this.#woken.set(group, others);
    else this.#woken.delete(group);
  }

  /**
   * Wakes for a build of `group` the one that has waited longest of those that `mayTake`; of one machine the newest poll,
   * as older ones are likely ghosts. False when there is none.
   */
  wakeOne(group: string, mayTake: (runnerId: number) => boolean): boolean {
    if (this.#size === 0) return false;
    for (const { runnerId, held } of this.#waiters.values()) {
      const newest = held.at(-1);
      if (newest === undefined || !mayTake(runnerId)) continue;
      this.#woken.set(group, this.wokenFor(group) + 1);
      newest(group);
      return true;
    }
    return false;
  }

  /** Ends all polls of a runner, or of one machine of it. */
  release(runnerId: number, machine: string | null = null): void {
    for (const [key, each] of this.#waiters) {
      if (each.runnerId !== runnerId || (machine !== null && machine !== key)) continue;
      for (const wake of each.held.slice()) wake(null);
    }
  }

  #toEnd(machine: string, known: Waiter): void {
    this.#waiters.delete(machine);
    this.#waiters.set(machine, known);
  }

  #forgetIdle(): void {
    for (const [key, { held }] of this.#waiters) if (held.length === 0) this.#waiters.delete(key);
  }

  #count(runnerId: number, change: 1 | -1): void {
    this.#size += change;
    const held = (this.#heldByRunner.get(runnerId) ?? 0) + change;
    if (held > 0) this.#heldByRunner.set(runnerId, held);
    else this.#heldByRunner.delete(runnerId);
  }
}
