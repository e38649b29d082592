import { accept, refuse, type Outcome } from "../core/refusal.ts";

/** How long the rest of a refused body is waited for. */
const DRAIN_LIMIT_MS = 120_000;

/**
 * A request's body that can be left at any point and is then still read to its end: answering earlier hides the answer
 * from Go clients and takes the local server down.
 */
export class RequestBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #limitBytes: number;
  #bytesRead = 0;
  #over = false;

  /** Beyond `limitBytes` the body is canceled, whoever reads it. */
  constructor(body: ReadableStream<Uint8Array>, limitBytes: number) {
    this.#reader = body.getReader();
    this.#limitBytes = limitBytes;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** The next chunk, null at the end. Refuses `malformed_body` when the client vanished, `too_large` beyond the limit. */
  async read(): Promise<Outcome<Uint8Array | null>> {
    try {
      const { done, value } = await this.#reader.read();
      this.#over = done;
      if (done) return accept(null);
      this.#bytesRead += value.byteLength;
      if (this.#bytesRead <= this.#limitBytes) return accept(value);
    } catch {
      this.#over = true;
      return refuse({ reason: "malformed_body", message: "the body broke off" });
    }
    this.#over = true;
    this.#cancel();
    return refuse({ reason: "too_large", limitBytes: this.#limitBytes, sizeBytes: this.#bytesRead });
  }

  /** Reads and drops what is left, bounded in bytes and time. Never throws. */
  async drain(): Promise<void> {
    // Canceling ends the read that is waiting, and with it the loop.
    const timer = setTimeout(() => this.#cancel(), DRAIN_LIMIT_MS);
    while (!this.#over) await this.read();
    clearTimeout(timer);
  }

  /** Not awaited: a body whose client doesn't answer must not hold us up any longer. */
  #cancel(): void {
    this.#reader.cancel().catch(() => {});
  }
}
