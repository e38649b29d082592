import { createHash } from "node:crypto";

/** R2 wants equal parts of at least 5 MiB, and at most 10 000 of them: 78 GiB at this size. */
export const PART_BYTES = 8 * 1024 * 1024;
const FIRST_BYTES = 64 * 1024;

/**
 * Writes bytes of unknown length to one R2 key. It holds one part in memory, whatever the length: up to a full part is a
 * single put, anything longer a multipart upload that begins when the first byte beyond a full part arrives.
 *
 * Calls must not overlap: await each one. A call that throws (R2 or `onMultipart` failed) leaves only `abort` to be called.
 *
 * Nothing leaks:
 * - readers never see an unfinished upload, since R2 shows an object only once it is complete;
 * - after any failure in this process `abort` removes parts and object alike;
 * - after a crash the owner does the same: it has known the key since before the sink was made, and the upload's id since
 *   before the first part was sent;
 * - an upload whose id never reached us (the answer to its creation was lost) holds no parts, and R2 ends it after seven days.
 */
export class R2Sink {
  readonly #bucket: R2Bucket;
  readonly #key: string;
  readonly #onMultipart: (uploadId: string) => Promise<void>;
  readonly #hash = createHash("sha256");
  /** Grows with what comes, since most files are far smaller than a part and many are written at a time. */
  #part = new Uint8Array(FIRST_BYTES);
  readonly #sent: R2UploadedPart[] = [];
  #filledBytes = 0;
  #sizeBytes = 0;
  #upload: R2MultipartUpload | null = null;
  #objectMayExist = false;

  constructor(bucket: R2Bucket, key: string, onMultipart: (uploadId: string) => Promise<void>) {
    this.#bucket = bucket;
    this.#key = key;
    this.#onMultipart = onMultipart;
  }

  /** Takes all of `chunk`; resolves when the caller may reuse its memory. */
  async write(chunk: Uint8Array): Promise<void> {
    this.#hash.update(chunk);
    this.#sizeBytes += chunk.byteLength;
    let taken = 0;
    while (taken < chunk.byteLength) {
      // A full part waits for the next byte, so that the last part is never empty and exactly one part is still one put.
      if (this.#filledBytes === PART_BYTES) await this.#sendPart();
      const piece = chunk.subarray(taken, taken + PART_BYTES - this.#filledBytes);
      this.#makeRoom(this.#filledBytes + piece.byteLength);
      this.#part.set(piece, this.#filledBytes);
      this.#filledBytes += piece.byteLength;
      taken += piece.byteLength;
    }
  }

  #makeRoom(bytes: number): void {
    const held = this.#part.byteLength;
    if (bytes > held)
      this.#part = new Uint8Array(this.#part.buffer.transfer(Math.min(PART_BYTES, Math.max(bytes, held * 2))));
  }

  /** Makes the object visible under its key. `sha256` is in lower-case hex. */
  async complete(): Promise<{ sizeBytes: number; sha256: string }> {
    if (this.#upload === null) {
      this.#objectMayExist = true;
      await this.#bucket.put(this.#key, this.#part.subarray(0, this.#filledBytes));
    } else {
      await this.#sendPart();
      this.#objectMayExist = true;
      await this.#upload.complete(this.#sent);
    }
    return { sizeBytes: this.#sizeBytes, sha256: this.#hash.digest("hex") };
  }

  /** After this nothing of the upload is stored, completed or not. Never throws: what fails here is left to the owner. */
  async abort(): Promise<void> {
    // Aborting what is completed, aborted or unknown is an error to R2 and none to us.
    if (this.#upload !== null) await this.#upload.abort().catch(() => {});
    // A put or complete that failed for us may still have been carried out.
    if (this.#objectMayExist) await this.#bucket.delete(this.#key).catch(() => {});
  }

  async #sendPart(): Promise<void> {
    if (this.#upload === null) {
      this.#upload = await this.#bucket.createMultipartUpload(this.#key);
      await this.#onMultipart(this.#upload.uploadId);
    }
    // Awaited before the buffer is filled anew: nothing promises that R2 has copied it earlier.
    const part = this.#part.subarray(0, this.#filledBytes);
    this.#sent.push(await this.#upload.uploadPart(this.#sent.length + 1, part));
    this.#filledBytes = 0;
  }
}
