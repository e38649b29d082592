/** Reads a request's body piece by piece, within bounds. */
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome, Refusal } from "../core/refusal.ts";

/**
 * How much of a body that is too large is still read, and for how long, before it is refused: an answer in the middle
 * of an upload is lost on many clients, which see the connection break. Beyond either bound the upload is cut off.
 */
const DRAIN_BYTES = 64 * 1024 * 1024;
const DRAIN_MS = 60_000;

export class BodyReader {
  readonly #body: ReadableStreamDefaultReader<Uint8Array> | null;
  readonly #limitBytes: number;
  /** What Content-Length says; NaN or 0 without one. */
  readonly #declaredBytes: number;
  #sizeBytes = 0;
  #isOver = false;

  constructor(request: Request, limitBytes: number) {
    this.#declaredBytes = Number(request.headers.get("Content-Length"));
    this.#limitBytes = limitBytes;
    // What is declared to be beyond all bounds isn't read at all.
    const isReadable = !(this.#declaredBytes > limitBytes + DRAIN_BYTES);
    this.#body = isReadable && request.body !== null ? request.body.getReader() : null;
  }

  /** Of what has been read. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * The next piece; null at the end. Refusals: `too_large`, when the rest has been read as well, within bounds, and
   * `malformed_body` when the client vanishes on the way.
   */
  async read(): Promise<Outcome<Uint8Array | null>> {
    if (this.#declaredBytes > this.#limitBytes) return this.#tooLarge();
    if (this.#body === null || this.#isOver) return accept(null);
    try {
      const piece = await this.#body.read();
      this.#isOver = piece.done;
      if (piece.done) return accept(null);
      this.#sizeBytes += piece.value.byteLength;
      return this.#sizeBytes > this.#limitBytes ? await this.#tooLarge() : accept(piece.value);
    } catch {
      this.#isOver = true;
      return refuse({ reason: "malformed_body", message: "the body ended early" });
    }
  }

  /** Reads on without keeping anything. A client that vanishes is no news here. */
  async drain(): Promise<void> {
    const body = this.#body;
    if (body === null) return;
    const cutOff = () => void body.cancel("body too large").catch(() => {});
    const timer = setTimeout(cutOff, DRAIN_MS);
    try {
      while (!this.#isOver && this.#sizeBytes <= this.#limitBytes + DRAIN_BYTES) {
        const piece = await body.read();
        this.#isOver = piece.done;
        this.#sizeBytes += piece.value?.byteLength ?? 0;
      }
      if (!this.#isOver) cutOff();
    } catch {
      // The runtime's own streams reject a read that is waiting when the timer cancels them; others end it.
    } finally {
      this.#isOver = true;
      clearTimeout(timer);
    }
  }

  async #tooLarge(): Promise<Outcome<never>> {
    await this.drain();
    const sizeBytes = Math.max(this.#sizeBytes, this.#declaredBytes || 0);
    const refusal: Refusal = { reason: "too_large", limitBytes: this.#limitBytes, sizeBytes };
    return refuse(refusal);
  }
}
