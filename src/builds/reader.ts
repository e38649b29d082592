/** Reading a trace: the same before, while and after it is written, from rows or from R2, with secrets masked. */
import type { Build } from "../core/build/build.ts";
import { isFinished } from "../core/build/build.ts";
import { endNote } from "../core/trace/end-note.ts";
import { contextBytes, heldBack, maskSecrets } from "../core/trace/mask.ts";
import type { BuildStore } from "./store.ts";
import type { TraceStore } from "./trace-store.ts";

export const MAX_PIECE_BYTES = 1024 * 1024;

export interface TracePiece {
  readonly bytes: Uint8Array;
  /** How much there is to read now: all that is stored, less a tail that may become a secret. */
  readonly lengthBytes: number;
  /** Nothing more will come. */
  readonly finished: boolean;
}

export class TraceReader {
  readonly #trace: TraceStore;
  readonly #store: BuildStore;
  readonly #bucket: R2Bucket;
  readonly #followers = new Set<() => void>();

  constructor(trace: TraceStore, store: BuildStore, bucket: R2Bucket) {
    this.#trace = trace;
    this.#store = store;
    this.#bucket = bucket;
  }

  /** Stored bytes, wherever they are. */
  lengthBytes(): number {
    return this.#store.currentArtifact("trace")?.size_bytes ?? this.#trace.tail.lengthBytes;
  }

  /** What people see: the stored bytes, and after their end what Signalbox has to say of it. */
  async read(build: Build, offset: number, maxBytes: number, secrets: readonly Uint8Array[]): Promise<TracePiece> {
    const piece = await this.readStored(build, offset, maxBytes, secrets);
    const text = endNote(build);
    if (text === "") return piece;
    const note = new TextEncoder().encode(piece.lengthBytes === 0 ? text : `\n${text}`);
    const atByte = offset + piece.bytes.length;
    const from = atByte - piece.lengthBytes;
    const room = Math.min(maxBytes, MAX_PIECE_BYTES) - piece.bytes.length;
    const rest = from < 0 ? note.subarray(0, 0) : note.subarray(from, from + room);
    const bytes = rest.length === 0 ? piece.bytes : new Uint8Array(Buffer.concat([piece.bytes, rest]));
    return { ...piece, bytes, lengthBytes: piece.lengthBytes + note.length };
  }

  /**
   * At most 1 MiB from `offset` on. Masking needs to see what stands around the piece: a secret may begin before it or
   * end after it.
   */
  async readStored(
    build: Build,
    offset: number,
    maxBytes: number,
    secrets: readonly Uint8Array[],
  ): Promise<TracePiece> {
    const finished = isFinished(build.status);
    const context = contextBytes(secrets);
    const end = offset + Math.min(maxBytes, MAX_PIECE_BYTES);
    const from = Math.max(0, Math.min(offset, this.lengthBytes()) - context);
    const raw = await this.#readRaw(from, end + context - from);
    const stored = this.lengthBytes();
    const atTheEnd = from + raw.length >= stored;
    const tail = finished || !atTheEnd ? 0 : heldBack(raw, secrets);
    const visible = stored - tail;
    const masked = maskSecrets(raw, secrets);
    const bytes = masked.subarray(Math.min(offset - from, masked.length), Math.max(0, Math.min(end, visible) - from));
    return { bytes, lengthBytes: visible, finished };
  }

  /** Resolves when there may be something new, and after `waitMs` in any case. */
  grown(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#followers.delete(done);
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      this.#followers.add(done);
    });
  }

  wake(): void {
    for (const done of this.#followers) done();
  }

  async #readRaw(offset: number, maxBytes: number): Promise<Uint8Array> {
    const archived = this.#store.currentArtifact("trace");
    if (archived === null) return this.#trace.read(offset, maxBytes);
    const length = Math.min(maxBytes, archived.size_bytes - offset);
    if (length <= 0) return new Uint8Array();
    const object = await this.#bucket.get(archived.r2_key, { range: { offset, length } });
    if (object === null) throw new Error(`the archived trace ${archived.r2_key} is not in the bucket`);
    return new Uint8Array(await object.arrayBuffer());
  }
}
