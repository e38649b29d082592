/**
 * Messages that an object owes to others. An entry is stored with the change that it tells of, so that no crash loses it.
 * It is sent at once, and again by alarm until the receiver has acknowledged it. Receivers are idempotent.
 *
 * There is one entry per destination: a newer message replaces an undelivered older one, so a message must say how things
 * are now, not what happened. One is in flight per destination, so none overtakes another.
 */
import { log } from "../log.ts";
import { failsAfter } from "./wait-at-most.ts";
import type { DroppedEntry, OutboxStore } from "./outbox-table.ts";

/** How long a delivery may take before the alarm checks it: longer than any that succeeds. */
export const FIRST_RETRY_MS = 10_000;
export const LONGEST_RETRY_MS = 300_000;
/** A call that hangs must not block its destination, and the alarm that awaits it, for ever. */
const SEND_LIMIT_MS = 30_000;
/** The runtime allows six open connections per invocation. One stays free for the work that is not a message. */
const MAX_AT_ONCE = 5;
/** How many destinations one alarm serves. */
const BATCH = 50;

const retryDelayMs = (tries: number): number => Math.min(FIRST_RETRY_MS * 2 ** tries, LONGEST_RETRY_MS);

/**
 * What sending a message came to. `done`: the receiver has it. `dropped`: it will never succeed; the reason is kept.
 * `retryAtMs`: the receiver asks for patience until then. A `send` that throws is tried again with growing pauses.
 */
export type Delivery = "done" | { readonly dropped: string } | { readonly retryAtMs: number };

export interface OutboxOptions<Message> {
  readonly store: OutboxStore<Message>;
  readonly send: (destination: string, message: Message) => Promise<Delivery>;
  /** Hears of undelivered entries after each retry that leaves some, and of 0 after the one that leaves none. */
  readonly tellUndelivered?: (entries: number) => Promise<void>;
}

export class Outbox<Message> {
  readonly #options: OutboxOptions<Message>;
  readonly #store: OutboxStore<Message>;
  readonly #inFlight = new Map<string, Promise<boolean>>();
  #sending = 0;
  readonly #waiting: (() => void)[] = [];
  #closed = false;
  #hasToldUndelivered = false;

  constructor(options: OutboxOptions<Message>) {
    this.#options = options;
    this.#store = options.store;
  }

  /**
   * Call it in the transaction of the change. `revision` grows with each message to the same destination. `retryAtMs`: when
   * the alarm checks an entry that nobody has acknowledged by then.
   */
  put(destination: string, revision: number, message: Message, retryAtMs: number): void {
    this.#store.put({ destination, revision, message, tries: 0, dueAtMs: retryAtMs });
  }

  /** Takes back what was not delivered. */
  withdraw(destination: string): void {
    const entry = this.#store.find(destination);
    if (entry !== null) this.#store.remove(destination, entry.revision);
  }

  /** When the alarm must check again; null when nothing is left to send. */
  nextDueMs(): number | null {
    return this.#closed ? null : this.#store.nextDueMs();
  }

  /** Sends what is left for `destination`. Resolves with false when something of it stays, and never rejects. */
  deliver(destination: string): Promise<boolean> {
    const underWay = this.#inFlight.get(destination);
    // A message put meanwhile is sent by the loop of the delivery that is under way.
    if (underWay !== undefined) return underWay;
    const delivery = Promise.resolve().then(() => this.#deliverAll(destination));
    this.#inFlight.set(destination, delivery);
    return delivery;
  }

  /** For the alarm: everything whose time has come. */
  async deliverDue(nowMs: number): Promise<void> {
    const due = this.#store.dueBy(nowMs, BATCH);
    await Promise.all(due.map((destination) => this.deliver(destination)));
    if (due.length === 0 && !this.#hasToldUndelivered) return;
    const entries = this.undelivered();
    if (entries === 0 && !this.#hasToldUndelivered) return;
    this.#hasToldUndelivered = entries > 0;
    await this.#options.tellUndelivered?.(entries);
  }

  /** Entries whose delivery has failed and will be tried again. */
  undelivered(): number {
    return this.#store.undelivered();
  }

  /** Entries that were given up, each with its reason, until a newer message to the same destination replaces them. */
  dropped(): DroppedEntry[] {
    return this.#store.dropped();
  }

  /** Call it before the storage is deleted: sends nothing more, and waits for what is under way to end. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#inFlight.values());
  }

  async #deliverAll(destination: string): Promise<boolean> {
    try {
      for (let entry = this.#next(destination); entry !== null; entry = this.#next(destination)) {
        // Counted here and not in `deliver`: an idle destination must not wait for a place only to find nothing to send.
        const delivery = await this.#inTurn(() => this.#send(destination, entry));
        // Removes only the message that was acknowledged: a newer one may have replaced it during the call.
        if (delivery === "done") this.#store.remove(destination, entry.revision);
        else if ("dropped" in delivery) this.#drop(destination, entry.revision, delivery.dropped);
        else return this.#delay(destination, entry.tries, delivery);
      }
      return true;
    } finally {
      // Removed in the same turn in which the outbox was found empty, so that a later `put` starts a new delivery.
      this.#inFlight.delete(destination);
    }
  }

  #next(destination: string): ReturnType<OutboxStore<Message>["find"]> {
    return this.#closed ? null : this.#store.find(destination);
  }

  /** At most `MAX_AT_ONCE` calls run; the others wait for their turn in the order in which they came. */
  async #inTurn<T>(call: () => Promise<T>): Promise<T> {
    if (this.#sending >= MAX_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#sending += 1;
    try {
      return await call();
    } finally {
      // Handed on and not freed: nobody who comes now overtakes the one who waits.
      const next = this.#waiting.shift();
      if (next === undefined) this.#sending -= 1;
      else next();
    }
  }

  async #send(
    destination: string,
    { message, tries }: { readonly message: Message; readonly tries: number },
  ): Promise<"done" | { readonly dropped: string } | { readonly retryAtMs: number; readonly error: string }> {
    try {
      const delivery = await failsAfter(this.#options.send(destination, message), SEND_LIMIT_MS);
      if (delivery === "done" || "dropped" in delivery) return delivery;
      return { ...delivery, error: "the receiver asked to wait" };
    } catch (error) {
      return { retryAtMs: Date.now() + retryDelayMs(tries), error: String(error) };
    }
  }

  #drop(destination: string, revision: number, reason: string): void {
    log("warn", "message_dropped", { destination, reason });
    this.#store.drop(destination, revision, reason);
  }

  #delay(destination: string, tries: number, { retryAtMs, error }: { retryAtMs: number; error: string }): false {
    log("warn", "message_delayed", { destination, tries, error });
    // Also delays a newer message that replaced it meanwhile: it would have failed the same way.
    this.#store.delay(destination, retryAtMs, error);
    return false;
  }
}
