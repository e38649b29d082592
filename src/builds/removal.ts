/**
 * The end of a build: R2 first, then its row in the queue, its own storage last, since that takes outbox and alarm along.
 *
 * The build is gone for everybody from the first line on, so an upload that ends later is refused and its Worker deletes
 * the object. A Worker that dies before it can do so leaves an object that nobody names any more: so the keys of uploads
 * that are under way stay here until their time is over, and the alarm deletes what is there by then.
 */
import type { Outbox } from "../storage/outbox.ts";
import type { Sql } from "../storage/sql.ts";
import { queueStub } from "../stubs.ts";
import type { BuildArtifacts } from "./artifacts.ts";
import type { BuildRecord } from "./record.ts";
import type { BuildStore } from "./store.ts";
import type { TraceStore } from "./trace-store.ts";

/** How long the alarm waits when R2 fails. */
const PAUSE_MS = 60_000;

export interface BuildRemovalParts {
  readonly env: Env;
  readonly storage: DurableObjectStorage;
  readonly sql: Sql;
  readonly record: BuildRecord;
  readonly store: BuildStore;
  readonly trace: TraceStore;
  readonly artifacts: BuildArtifacts;
  readonly outbox: Outbox<null>;
}

export class BuildRemoval {
  readonly #parts: BuildRemovalParts;
  #underWay: Promise<void> | null = null;

  constructor(parts: BuildRemovalParts) {
    this.#parts = parts;
  }

  /**
   * Removes everything of the build. Callers repeat the call until it returns; a crash leaves a build to be removed again.
   * One call at a time: a second one that found nothing would say that it is done while the first still deletes.
   */
  remove(buildId: number): Promise<void> {
    this.#underWay ??= this.#remove(buildId).finally(() => (this.#underWay = null));
    return this.#underWay;
  }

  /** For the alarm of a build that is gone: deletes what uploads have left that were under way at its end. */
  async finish(): Promise<void> {
    const { storage, store, artifacts } = this.#parts;
    if (this.#underWay !== null || !store.hasTables()) return;
    // First, as a failure must not be the end of it.
    void storage.setAlarm(Date.now() + PAUSE_MS);
    await artifacts.deleteNamed();
    await storage.deleteAll();
  }

  async #remove(buildId: number): Promise<void> {
    const { env, record, artifacts, outbox } = this.#parts;
    const { build } = record;
    record.gone();
    try {
      await outbox.close();
      if (build !== null) await artifacts.deleteAll(buildId);
      await queueStub(env).forgetBuild(buildId, build?.claim?.runner.id ?? null);
      await this.#removeRows();
    } catch (error) {
      if (build !== null) record.load();
      throw error;
    }
  }

  async #removeRows(): Promise<void> {
    const { storage, sql, store, trace } = this.#parts;
    const uploadsEndMs = store.hasTables() ? store.uploadsEndMs() : null;
    if (uploadsEndMs === null) return storage.deleteAll();
    sql.transaction(() => {
      store.removeAllButUploads();
      trace.clear();
    });
    await storage.setAlarm(uploadsEndMs);
  }
}
