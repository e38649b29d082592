/**
 * Messages that an object owes to others. One is stored with the change that it tells of, so that no crash loses it; it is
 * sent at once, and again by alarm until the receiver has acknowledged it. Receivers are idempotent.
 *
 * One per destination: a newer message replaces an undelivered older one, so a message must say how things are now, not
 * what happened. One is in flight per destination, so none overtakes another.
 */
import type { OutboxStore } from "./outbox-store.ts";

/** How long a delivery may take before the alarm looks after it: longer than any that succeeds. */
export const FIRST_RETRY_MS = 10_000;
export const LONGEST_RETRY_MS = 300_000;
/** Of many destinations that wait, so many are served in one go. */
const BATCH = 50;

const retryDelayMs = (tries: number): number => Math.min(FIRST_RETRY_MS * 2 ** tries, LONGEST_RETRY_MS);

export class Outbox<Message> {
  readonly #store: OutboxStore<Message>;
  readonly #send: (destination: string, message: Message) => Promise<void>;
  readonly #tellBacklog: (messages: number) => Promise<void>;
  readonly #inFlight = new Map<string, Promise<boolean>>();
  #closed = false;
  #hasToldBacklog = false;

  /**
   * `send` resolves when the receiver has acknowledged. `tellBacklog` hears of undelivered messages after each retry that
   * leaves some, and of 0 after the one that leaves none.
   */
  constructor(
    store: OutboxStore<Message>,
    send: (destination: string, message: Message) => Promise<void>,
    tellBacklog: (messages: number) => Promise<void> = async () => {},
  ) {
    this.#store = store;
    this.#send = send;
    this.#tellBacklog = tellBacklog;
  }

  /**
   * Call inside the transaction of the change. `revision` grows with each message to the same destination. `retryAtMs`:
   * when the alarm sees to what nobody has acknowledged by then.
   */
  put(destination: string, revision: number, message: Message, retryAtMs: number): void {
    this.#store.put({ destination, revision, message, tries: 0, dueAtMs: retryAtMs });
  }

  /** Takes back what was not delivered. */
  withdraw(destination: string): void {
    const owed = this.#store.find(destination);
    if (owed !== null) this.#store.remove(destination, owed.revision);
  }

  /** When the alarm must look again, null when nothing is owed or will be sent. */
  nextDueMs(): number | null {
    return this.#closed ? null : this.#store.nextDueMs();
  }

  /** Sends what is owed to `destination`; resolves with false when that has failed, and never rejects. */
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
    const backlog = due.length === 0 && !this.#hasToldBacklog ? null : this.backlog();
    if (backlog === null || (backlog === 0 && !this.#hasToldBacklog)) return;
    this.#hasToldBacklog = backlog > 0;
    await this.#tellBacklog(backlog);
  }

  /** Messages whose delivery has failed, and is to be tried again. */
  backlog(): number {
    return this.#store.backlog();
  }

  /** Before the storage is deleted: sends nothing more, and waits for what is under way to end. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#inFlight.values());
  }

  async #deliverAll(destination: string): Promise<boolean> {
    try {
      for (let owed = this.#next(destination); owed !== null; owed = this.#next(destination)) {
        if (!(await this.#sent(destination, owed.message, owed.tries))) return false;
        // Only the message that was acknowledged: a newer one may have taken its place during the call.
        this.#store.remove(destination, owed.revision);
      }
      return true;
    } finally {
      // In the turn that finds nothing more to send: what is put after it begins a delivery of its own.
      this.#inFlight.delete(destination);
    }
  }

  #next(destination: string): ReturnType<OutboxStore<Message>["find"]> {
    return this.#closed ? null : this.#store.find(destination);
  }

  async #sent(destination: string, message: Message, tries: number): Promise<boolean> {
    try {
      await this.#send(destination, message);
      return true;
    } catch (error) {
      console.warn(JSON.stringify({ event: "message_delayed", destination, tries, error: String(error) }));
      // A newer message that has taken its place meanwhile has not been tried, but would have met the same.
      this.#store.delay(destination, Date.now() + retryDelayMs(tries));
      return false;
    }
  }
}
