/** Bytes that grow by doubling: neither tiny pieces nor a false Content-Length can make them cost more than they hold. */
export class GrowingBytes {
  #buffer = new ArrayBuffer(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  append(piece: Uint8Array): null {
    const needed = this.#size + piece.byteLength;
    if (needed > this.#buffer.byteLength) {
      this.#buffer = this.#buffer.transfer(Math.max(needed, this.#buffer.byteLength * 2));
    }
    new Uint8Array(this.#buffer).set(piece, this.#size);
    this.#size = needed;
    return null;
  }

  /** The bytes in a buffer of their own size, since a view of a larger one would be sent whole over RPC. Ends the use. */
  take(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer.transfer(this.#size));
  }
}
