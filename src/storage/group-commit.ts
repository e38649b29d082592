/**
 * Many callers' writes in one commit. The first after a quiet time is written at once, so that whoever is alone waits for
 * nothing; what comes within the pause after it is written together when that is over.
 */

/** Short beside what a caller waits for, long beside a commit. */
const PAUSE_MS = 20;

interface Waiting<Item> {
  readonly item: Item;
  readonly written: PromiseWithResolvers<void>;
}

export class GroupCommit<Item> {
  readonly #write: (item: Item) => void;
  #waiting: Waiting<Item>[] = [];
  #pause: Promise<unknown> = Promise.resolve();

  /** `write` is synchronous, and may be repeated: after a crash its callers, who have heard nothing, come again. */
  constructor(write: (item: Item) => void) {
    this.#write = write;
  }

  /**
   * Resolves when the item is written, in the order of the calls, and rejects with what its own write threw; the runtime
   * holds answers back until it is durable.
   */
  add(item: Item): Promise<void> {
    const written = Promise.withResolvers<void>();
    this.#waiting.push({ item, written });
    if (this.#waiting.length === 1) void this.#pause.then(() => this.#writeAll());
    return written.promise;
  }

  /** No await in here: the runtime commits what is written in one turn as one transaction. */
  #writeAll(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#pause = scheduler.wait(PAUSE_MS);
    for (const { item, written } of waiting) {
      try {
        this.#write(item);
        written.resolve();
      } catch (error) {
        written.reject(error);
      }
    }
  }
}
