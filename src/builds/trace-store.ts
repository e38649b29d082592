/** The bytes of a trace as they came, a row per patch: an append costs the patch, however long the trace is. */
import { crc32 } from "node:zlib";
import type { Sql } from "../storage/sql.ts";
import { TRACE_TABLE } from "./schema.ts";
import type { TraceRow } from "./schema.ts";

/** A row may have 2 MB at the edge; the local platform takes more, so the limit must be ours. */
const MAX_ROW_BYTES = 512 * 1024;

/** Read by one query: a job may send its log byte by byte, and a row in memory is larger than its bytes. */
const MAX_ROWS = 1000;

export interface TraceTail {
  readonly lengthBytes: number;
  /** Of all bytes so far. */
  readonly crc32: number;
  /** When the last byte came; null for an empty trace. */
  readonly atMs: number | null;
}

/** SQLite takes whole buffers: a view of part of one is copied. */
const exactBuffer = (bytes: Uint8Array): ArrayBuffer =>
  bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength
    ? bytes.buffer
    : new Uint8Array(bytes).buffer;

const EMPTY: TraceTail = { lengthBytes: 0, crc32: 0, atMs: null };

export class TraceStore {
  readonly #sql: Sql;
  #tail: TraceTail | null = null;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  get tail(): TraceTail {
    this.#tail ??= this.#loadTail();
    return this.#tail;
  }

  /** Adds to the end, one row for each 512 KiB: all of them or none. */
  append(bytes: Uint8Array, nowMs: number): void {
    // One row needs no transaction of its own, and most patches are one.
    if (bytes.length <= MAX_ROW_BYTES) return this.#insert(bytes, nowMs);
    const before = this.tail;
    try {
      this.#sql.transaction(() => {
        for (let start = 0; start < bytes.length; start += MAX_ROW_BYTES) {
          this.#insert(bytes.subarray(start, start + MAX_ROW_BYTES), nowMs);
        }
      });
    } catch (error) {
      this.#tail = before;
      throw error;
    }
  }

  /** Makes `bytes` follow the first `lengthBytes`, in the place of what does now: all of it or nothing. */
  replaceFrom(lengthBytes: number, bytes: Uint8Array, nowMs: number): void {
    this.#sql.transaction(() => {
      this.truncate(lengthBytes);
      this.append(bytes, nowMs);
    });
  }

  truncate(lengthBytes: number): void {
    if (lengthBytes >= this.tail.lengthBytes) return;
    const cut = this.#rowAt(lengthBytes);
    this.#sql.run("DELETE FROM trace WHERE offset_bytes >= :offset_bytes", { offset_bytes: cut?.offset_bytes ?? 0 });
    this.#tail = null;
    if (cut !== null) this.#insert(new Uint8Array(cut.bytes, 0, lengthBytes - cut.offset_bytes), cut.at_ms);
  }

  /** Frees all rows at the price of none: each deleted row would be billed as one written. */
  clear(): void {
    this.#sql.run(`DROP TABLE trace; ${TRACE_TABLE}`);
    this.#tail = EMPTY;
  }

  /** Memory must not outlive a transaction that was rolled back. */
  reload(): void {
    this.#tail = null;
  }

  /** At most `maxBytes` from `offset` on; shorter only at the end of the trace. */
  read(offset: number, maxBytes: number): Uint8Array {
    const length = Math.max(0, Math.min(maxBytes, this.tail.lengthBytes - offset));
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const rows = this.#rowsFrom(offset + filled, offset + length);
      if (rows.length === 0) throw new Error(`the trace has a gap at byte ${offset + filled}`);
      for (const row of rows) {
        const piece = new Uint8Array(row.bytes).subarray(offset + filled - row.offset_bytes);
        const wanted = piece.subarray(0, length - filled);
        bytes.set(wanted, filled);
        filled += wanted.length;
      }
    }
    return bytes;
  }

  #insert(bytes: Uint8Array, atMs: number): void {
    if (bytes.length === 0) return;
    const { lengthBytes, crc32: before } = this.tail;
    const after = crc32(bytes, before);
    this.#sql.run(
      "INSERT INTO trace (offset_bytes, bytes, crc32, at_ms) VALUES (:offset_bytes, :bytes, :crc32, :at_ms)",
      { offset_bytes: lengthBytes, bytes: exactBuffer(bytes), crc32: after, at_ms: atMs },
    );
    this.#tail = { lengthBytes: lengthBytes + bytes.length, crc32: after, atMs };
  }

  /** The row that has byte `offset` and those after it up to `end`, as many as one query may bring. */
  #rowsFrom(offset: number, end: number): TraceRow[] {
    return this.#sql.all<TraceRow>(
      `SELECT * FROM trace
       WHERE offset_bytes >= (SELECT MAX(offset_bytes) FROM trace WHERE offset_bytes <= :offset) AND offset_bytes < :end
       ORDER BY offset_bytes LIMIT :limit`,
      { offset, end, limit: MAX_ROWS },
    );
  }

  #rowAt(offset: number): TraceRow | null {
    return this.#sql.first<TraceRow>(
      "SELECT * FROM trace WHERE offset_bytes <= :offset_bytes ORDER BY offset_bytes DESC LIMIT 1",
      { offset_bytes: offset },
    );
  }

  #loadTail(): TraceTail {
    const row = this.#sql.first<{ end: number; crc32: number; at_ms: number }>(
      // length() of a blob reads only the row's header, not its bytes.
      "SELECT offset_bytes + length(bytes) AS end, crc32, at_ms FROM trace ORDER BY offset_bytes DESC LIMIT 1",
    );
    return row === null ? EMPTY : { lengthBytes: row.end, crc32: row.crc32, atMs: row.at_ms };
  }
}
