import { accept, refuse, type Outcome } from "../core/refusal.ts";

/** How much of the rest of a refused body is read, and how long it is waited for. */
export interface DrainLimits {
  readonly bytes: number;
  readonly ms: number;
}

/**
 * A request's body that can be left at any point and is then still read to its end: answering earlier hides the answer
 * from Go clients and takes the local server down.
 */
export class RequestBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #limitBytes: number;
  #bytesRead = 0;
  #over = false;
  #isLate = false;
  #deadline: ReturnType<typeof setTimeout> | undefined;

  /** Beyond `limitBytes` the body is canceled, whoever reads it. */
  constructor(body: ReadableStream<Uint8Array>, limitBytes: number) {
    this.#reader = body.getReader();
    this.#limitBytes = limitBytes;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** From now on the body is waited for no longer than this, until `withoutDeadline`. */
  setDeadline(ms: number): void {
    this.#deadline = setTimeout(() => {
      this.#isLate = true;
      this.#cancel();
    }, ms);
  }

  withoutDeadline(): void {
    clearTimeout(this.#deadline);
  }

  /**
   * The next chunk, null at the end. Refuses `malformed_body` when the client vanished or the deadline is over, `too_large`
   * beyond the limit.
   */
  async read(): Promise<Outcome<Uint8Array | null>> {
    try {
      const { done, value } = await this.#reader.read();
      this.#over = done;
      if (this.#isLate) return this.#late();
      if (done) return accept(null);
      this.#bytesRead += value.byteLength;
      if (this.#bytesRead <= this.#limitBytes) return accept(value);
    } catch {
      this.#over = true;
      return this.#isLate ? this.#late() : refuse({ reason: "malformed_body", message: "the body broke off" });
    }
    this.#over = true;
    this.#cancel();
    return refuse({ reason: "too_large", limitBytes: this.#limitBytes, sizeBytes: this.#bytesRead });
  }

  /** Reads and drops what is left, within these limits. Never throws. */
  async drain({ bytes, ms }: DrainLimits): Promise<void> {
    this.withoutDeadline();
    const end = this.#bytesRead + bytes;
    // Canceling ends the read that is waiting, and with it the loop.
    const timer = setTimeout(() => this.#cancel(), ms);
    while (!this.#over && this.#bytesRead <= end) await this.read();
    if (!this.#over) this.#cancel();
    this.#over = true;
    clearTimeout(timer);
  }

  #late(): Outcome<never> {
    this.#over = true;
    return refuse({ reason: "malformed_body", message: "the body came too slowly" });
  }

  /** Not awaited: a body whose client doesn't answer must not hold us up any longer. */
  #cancel(): void {
    this.#reader.cancel().catch(() => {});
  }
}
