/** Bytes that grow by doubling: neither tiny pieces nor a false Content-Length can make them cost more than they hold. */
export class GrowingBytes {
  #buffer = new ArrayBuffer(0);
  #size = 0;
  readonly #maxBytes: number;

  /** More than `maxBytes` won't come, so no room is made for it. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#size;
  }

  append(piece: Uint8Array): void {
    const needed = this.#size + piece.byteLength;
    if (needed > this.#buffer.byteLength) {
      this.#buffer = this.#buffer.transfer(Math.max(needed, Math.min(this.#maxBytes, this.#buffer.byteLength * 2)));
    }
    new Uint8Array(this.#buffer).set(piece, this.#size);
    this.#size = needed;
  }

  /** A view of the first bytes, good until the next call. */
  beginning(bytes: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer, 0, Math.min(bytes, this.#size));
  }

  /** The bytes in a buffer of their own size, since a view of a larger one would be sent whole over RPC. Ends the use. */
  take(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer.transfer(this.#size));
  }
}
