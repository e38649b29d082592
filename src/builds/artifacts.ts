/** A build's artifacts: which objects in R2 are its own, from the first byte of an upload to the deletion of the last. */
import { artifactKey, artifactPrefix } from "../artifacts/keys.ts";
import { R2Sink } from "../artifacts/sink.ts";
import type { DotenvVariable } from "../core/artifact/dotenv.ts";
import type { BuildStore, CompletedFile } from "./store.ts";
import type { ArtifactRow } from "./schema.ts";

export interface BegunUpload {
  readonly id: number;
  readonly key: string;
}

export interface StoredFile {
  readonly filename: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** An upload whose bytes are all there. */
export interface UploadedFile extends CompletedFile {
  readonly expiresInMs: number | null;
}

/** Where an artifact's bytes are and what is known of them. */
export interface ArtifactRecord extends StoredFile {
  readonly key: string;
  readonly format: string;
  readonly expiresAtMs: number | null;
}

/** An upload that takes longer has been abandoned. */
const UPLOAD_LIMIT_MS = 3_600_000;
/** Downloads that are under way when an object is replaced or expires have so long to finish. */
const DOWNLOAD_GRACE_MS = 600_000;

export class BuildArtifacts {
  readonly #store: BuildStore;
  readonly #bucket: R2Bucket;

  constructor(store: BuildStore, bucket: R2Bucket) {
    this.#store = store;
    this.#bucket = bucket;
  }

  /** The key is known here before its first byte is written: whatever crashes, the alarm finds and deletes it. */
  begin(buildId: number, type: string, format: string, nowMs: number): BegunUpload {
    const key = artifactKey(buildId, type);
    return { id: this.#store.beginArtifact(type, format, key, nowMs + UPLOAD_LIMIT_MS), key };
  }

  /** Makes an upload current; nothing, when it was given up meanwhile. */
  commit(id: number, file: UploadedFile, nowMs: number): void {
    if (this.#store.uploading(id) === null) return;
    const replaced = this.#store.currentArtifact(file.type);
    if (replaced !== null) this.#store.retireArtifact(replaced.id, nowMs + DOWNLOAD_GRACE_MS);
    this.#store.completeArtifact(id, file, file.expiresInMs === null ? null : nowMs + file.expiresInMs);
  }

  abandon(id: number, nowMs: number): void {
    if (this.#store.uploading(id) !== null) this.#store.retireArtifact(id, nowMs);
  }

  current(type: string, nowMs: number): ArtifactRecord | null {
    const row = this.#currentRow(type, nowMs);
    if (row === null) return null;
    return {
      key: row.r2_key,
      format: row.format,
      filename: row.filename,
      sizeBytes: row.size_bytes,
      sha256: row.sha256,
      expiresAtMs: row.expires_at_ms,
    };
  }

  /** What the dotenv report sets, as long as that is there. */
  variables(nowMs: number): readonly DotenvVariable[] {
    const row = this.#currentRow("dotenv", nowMs);
    return row?.variables == null ? [] : (JSON.parse(row.variables) as DotenvVariable[]);
  }

  any(except: string | null = null): boolean {
    return this.#currentBut(except).length > 0;
  }

  anyExpired(nowMs: number): boolean {
    return this.#expired(nowMs).length > 0;
  }

  isUploading(id: number): boolean {
    return this.#store.uploading(id) !== null;
  }

  /** Takes all artifacts away but those of type `except`; whoever asks for this wants the bytes gone, downloads or not. */
  retireAll(nowMs: number, except: string | null = null): void {
    for (const row of this.#currentBut(except)) this.#store.retireArtifact(row.id, nowMs);
  }

  retireExpired(nowMs: number): void {
    for (const row of this.#expired(nowMs)) this.#store.retireArtifact(row.id, nowMs + DOWNLOAD_GRACE_MS);
  }

  /** Deletes the objects whose time has come. A record goes after its object: a crash between them repeats the deletion. */
  async sweep(nowMs: number): Promise<void> {
    for (let row = this.#store.dueArtifact(nowMs); row !== null; row = this.#store.dueArtifact(nowMs)) {
      // An upload that was too slow must not become current while its object goes.
      this.#store.retireArtifact(row.id, nowMs);
      await this.#deleteObject(row);
      this.#store.removeArtifact(row.id);
    }
  }

  /** Deletes every object that a record names. */
  async deleteNamed(): Promise<void> {
    for (const row of this.#store.allArtifacts()) await this.#deleteObject(row);
  }

  /** Deletes all that the build has in R2, until nothing is left. Call it when the build takes no more uploads. */
  async deleteAll(buildId: number): Promise<void> {
    await this.deleteNamed();
    // Rows don't name everything: a Worker that died between its put and its commit has left an object, too.
    const prefix = artifactPrefix(buildId);
    for (let left = await this.#bucket.list({ prefix }); left.objects.length > 0;) {
      await this.#bucket.delete(left.objects.map(({ key }) => key));
      left = await this.#bucket.list({ prefix });
    }
  }

  /** Writes an object of ours piece by piece; null, and nothing stays, when `next` gives up. An empty piece is the end. */
  async write(
    upload: BegunUpload,
    next: (offset: number) => Promise<Uint8Array | null>,
  ): Promise<{ sizeBytes: number; sha256: string } | null> {
    const note = async (multipartId: string) => this.#store.noteUpload(upload.id, multipartId);
    const sink = new R2Sink(this.#bucket, upload.key, note);
    try {
      for (let offset = 0; ;) {
        const piece = await next(offset);
        if (piece === null) {
          await sink.abort();
          return null;
        }
        if (piece.length === 0) return await sink.complete();
        await sink.write(piece);
        offset += piece.length;
      }
    } catch (error) {
      await sink.abort();
      throw error;
    }
  }

  #currentRow(type: string, nowMs: number): ArtifactRow | null {
    const row = this.#store.currentArtifact(type);
    return row === null || (row.expires_at_ms !== null && row.expires_at_ms <= nowMs) ? null : row;
  }

  #currentBut(except: string | null): ArtifactRow[] {
    return this.#store.artifactsIn("current").filter((row) => row.type !== except);
  }

  #expired(nowMs: number): ArtifactRow[] {
    return this.#store.artifactsIn("current").filter((row) => row.expires_at_ms !== null && row.expires_at_ms <= nowMs);
  }

  async #deleteObject(row: ArtifactRow): Promise<void> {
    if (row.upload_id !== null) {
      // Parts of an upload that never completed are no object yet: deleting the key leaves them. One that did complete
      // can't be aborted any more, which is what the empty catch is for.
      await this.#bucket
        .resumeMultipartUpload(row.r2_key, row.upload_id)
        .abort()
        .catch(() => {});
    }
    await this.#bucket.delete(row.r2_key);
  }
}
