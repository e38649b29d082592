/**
 * The whole log that a legacy runner's report brings, compared with the stored one while it comes in. What goes beyond that
 * is held until the report is applied, so that both become true together; a log that brings more than is held is stored on
 * the way. A runner whose report broke off sends it again.
 */
import { RepeatedTrace } from "../core/trace/repeated-trace.ts";
import type { TraceStore } from "./trace-store.ts";

/** Many builds share the memory of an isolate. */
const MAX_HELD_BYTES = 8 * 1024 * 1024;

export interface IncomingLogParts {
  readonly trace: TraceStore;
  /** What comes after so many bytes is dropped. */
  readonly maxBytes: number;
}

export class IncomingLog {
  readonly #parts: IncomingLogParts;
  #repeated: RepeatedTrace;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #lengthBytes = 0;

  constructor(parts: IncomingLogParts) {
    this.#parts = parts;
    this.#repeated = this.#comparison(0);
  }

  get isTooLong(): boolean {
    return this.#lengthBytes > this.#parts.maxBytes;
  }

  /** Does the stored trace say something else than this log so far? */
  get differs(): boolean {
    return this.#repeated.differs;
  }

  /** Does the stored trace go on where this log has ended? */
  get isShorter(): boolean {
    return this.#repeated.agreedBytes < this.#parts.trace.tail.lengthBytes;
  }

  /** To be stored before more is taken. */
  get isFull(): boolean {
    return this.#heldBytes >= MAX_HELD_BYTES;
  }

  take(piece: Uint8Array): void {
    const room = Math.max(0, this.#parts.maxBytes - this.#lengthBytes);
    this.#lengthBytes += piece.length;
    if (room > 0) this.#hold(this.#repeated.take(piece.subarray(0, room)));
  }

  /** No more comes. */
  end(): void {
    this.#hold(this.#repeated.end());
  }

  /** Makes the trace what this log has said so far. */
  store(nowMs: number): void {
    const { trace } = this.#parts;
    if (!this.differs && trace.tail.lengthBytes > this.#repeated.agreedBytes && this.#heldBytes > 0)
      this.#compareAgain();
    trace.replaceFrom(this.#repeated.agreedBytes, this.#takeHeld(), nowMs);
    this.#repeated = this.#comparison(trace.tail.lengthBytes);
  }

  /** A patch of the same log was stored meanwhile. */
  #compareAgain(): void {
    const held = this.#takeHeld();
    this.#repeated = this.#comparison(this.#repeated.agreedBytes);
    this.#hold(this.#repeated.take(held));
    this.#hold(this.#repeated.end());
  }

  #comparison(agreedBytes: number): RepeatedTrace {
    const { trace } = this.#parts;
    const stored = {
      lengthBytes: () => trace.tail.lengthBytes,
      read: (offset: number, maxBytes: number) => trace.read(offset, maxBytes),
    };
    return new RepeatedTrace(stored, agreedBytes);
  }

  #hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    // A copy, since it may be a view of a piece.
    this.#held.push(bytes.slice());
    this.#heldBytes += bytes.length;
  }

  #takeHeld(): Uint8Array {
    const whole = new Uint8Array(this.#heldBytes);
    let filled = 0;
    for (const piece of this.#held) {
      whole.set(piece, filled);
      filled += piece.length;
    }
    this.#held = [];
    this.#heldBytes = 0;
    return whole;
  }
}
