/** Room in memory, which an isolate's uploads share. */
import { PART_BYTES } from "./sink.ts";

/** Of 128 MB that an isolate has for them and for all else that it does. */
const UPLOAD_ROOM_BYTES = 48 * 1024 * 1024;
/** So long an upload waits for room. */
const PATIENCE_MS = 30_000;

interface Waiting {
  readonly bytes: number;
  readonly enter: () => void;
}

export class Room {
  #freeBytes: number;
  readonly #totalBytes: number;
  /** In the order of their coming: a large one isn't overtaken for ever. */
  #waiting: Waiting[] = [];

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
    this.#freeBytes = totalBytes;
  }

  /**
   * Waits for room for `bytes` (no more than there is at all), up to `patienceMs`. Returns what gives it back, to be called
   * once; null when there was none in time.
   */
  async take(bytes: number, patienceMs: number): Promise<(() => void) | null> {
    const wanted = Math.min(bytes, this.#totalBytes);
    if (this.#waiting.length > 0 || wanted > this.#freeBytes) {
      if (!(await this.#waitFor(wanted, patienceMs))) return null;
    } else this.#freeBytes -= wanted;
    return () => {
      this.#freeBytes += wanted;
      this.#letIn();
    };
  }

  async #waitFor(bytes: number, patienceMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiting = {
        bytes,
        enter: () => {
          clearTimeout(timer);
          resolve(true);
        },
      };
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((each) => each !== waiting);
        resolve(false);
        // Those behind may be smaller.
        this.#letIn();
      }, patienceMs);
      this.#waiting.push(waiting);
    });
  }

  #letIn(): void {
    for (let next = this.#waiting[0]; next !== undefined && next.bytes <= this.#freeBytes; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#freeBytes -= next.bytes;
      next.enter();
    }
  }
}

const isolate = new Room(UPLOAD_ROOM_BYTES);

/** What one upload takes of its isolate's room: a part of the file, or less of one that says to be shorter. */
export class Place {
  readonly #bytes: number;
  #giveBack: (() => void) | null = null;

  /** `declaredBytes`: 0 when it isn't said. */
  constructor(declaredBytes: number) {
    this.#bytes = declaredBytes > 0 ? Math.min(declaredBytes, PART_BYTES) : PART_BYTES;
  }

  /** False when there was no room in time. Taken once, however often it is called. */
  async take(): Promise<boolean> {
    this.#giveBack ??= await isolate.take(this.#bytes, PATIENCE_MS);
    return this.#giveBack !== null;
  }

  leave(): void {
    this.#giveBack?.();
    this.#giveBack = null;
  }
}
