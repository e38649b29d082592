/**
 * Many callers' writes in one commit. The first after a quiet time is written at once, so that whoever is alone waits for
 * nothing; what comes within the pause after it is written together when that is over.
 */

/** Short beside what a caller waits for, long beside a commit. */
const PAUSE_MS = 20;

export class GroupCommit<Item> {
  readonly #write: (item: Item) => void;
  #waiting: Item[] = [];
  #commit: Promise<void> | null = null;
  #pause: Promise<unknown> = Promise.resolve();

  /** `write` is synchronous, and may be repeated: after a crash its callers, who have heard nothing, come again. */
  constructor(write: (item: Item) => void) {
    this.#write = write;
  }

  /** Resolves when the item is written, in the order of the calls; the runtime holds answers back until it is durable. */
  add(item: Item): Promise<void> {
    this.#waiting.push(item);
    this.#commit ??= this.#pause.then(() => this.#writeAll());
    return this.#commit;
  }

  /** No await in here: the runtime commits what is written in one turn as one transaction. */
  #writeAll(): void {
    const items = this.#waiting;
    this.#waiting = [];
    this.#commit = null;
    this.#pause = scheduler.wait(PAUSE_MS);
    for (const item of items) this.#write(item);
  }
}
