/** What a build's alarm does: deadlines, messages, artifacts whose time has come, the trace's move to R2, the end. */
import type { Settings } from "../settings.ts";
import { ARTIFACTS_EXPIRED } from "../core/build/rules.ts";
import { dueEvent } from "../core/build/deadlines.ts";
import type { Outbox } from "../storage/outbox.ts";
import { projectStub } from "../stubs.ts";
import type { BuildArtifacts } from "./artifacts.ts";
import type { TraceReader } from "./reader.ts";
import { ARCHIVE_AFTER_MS } from "./alarm.ts";
import type { BuildRecord } from "./record.ts";
import type { BuildRemoval } from "./removal.ts";
import { secretsToMask } from "./secrets.ts";
import type { BuildStore } from "./store.ts";
import type { TraceStore } from "./trace-store.ts";

export interface AlarmWorkParts {
  readonly env: Env;
  readonly settings: Settings;
  readonly record: BuildRecord;
  readonly store: BuildStore;
  readonly trace: TraceStore;
  readonly reader: TraceReader;
  readonly artifacts: BuildArtifacts;
  readonly outbox: Outbox<null>;
  readonly removal: BuildRemoval;
}

export class AlarmWork {
  readonly #parts: AlarmWorkParts;

  constructor(parts: AlarmWorkParts) {
    this.#parts = parts;
  }

  /** `scheduledMs`: when the alarm was due. Each step may be repeated, so a failure on the way costs nothing but time. */
  async run(scheduledMs: number): Promise<void> {
    const { record, settings, outbox, artifacts } = this.#parts;
    if (record.build === null) return;
    const due = dueEvent(record.build, settings.limits, scheduledMs, Date.now());
    if (due !== null) record.apply(due);
    await outbox.deliverDue(Date.now());
    if (artifacts.anyExpired(Date.now())) {
      record.apply({ kind: "amend", what: ARTIFACTS_EXPIRED }, () => artifacts.retireExpired(Date.now()));
    }
    await artifacts.sweep(Date.now());
    await this.#settleDown();
  }

  /** A finished build's trace goes to R2, and after its time all of it goes. */
  async #settleDown(): Promise<void> {
    const { record, settings, env, removal } = this.#parts;
    const { build } = record;
    if (build === null || build.finishedAtMs === null) return;
    const sinceMs = Date.now() - build.finishedAtMs;
    if (settings.retentionMs !== null && sinceMs >= settings.retentionMs) {
      await projectStub(env, build.projectId).forgetBuild(build.id);
      await removal.remove(build.id);
    } else if (sinceMs >= ARCHIVE_AFTER_MS) {
      await this.#archiveTrace();
    }
  }

  /** In R2 it costs a thirteenth; it is masked there for good. */
  async #archiveTrace(): Promise<void> {
    const { env, record, store, trace, reader, artifacts } = this.#parts;
    const { build } = record;
    if (build === null || trace.tail.lengthBytes === 0) return;
    const secrets = secretsToMask(env, build, store.spec());
    const upload = artifacts.begin(build.id, "trace", "raw", Date.now());
    const unchanged = () => record.build?.revision === build.revision;
    const file = await artifacts.write(upload, async (offset) =>
      unchanged() ? (await reader.readStored(build, offset, Number.MAX_SAFE_INTEGER, secrets)).bytes : null,
    );
    // Committed only if the build is what it was: one that was erased meanwhile must not get its trace back.
    if (file === null || !unchanged()) {
      // Here and now, since a build that was removed meanwhile has no alarm any more.
      await env.ARTIFACTS.delete(upload.key);
      if (record.build !== null) artifacts.abandon(upload.id, Date.now());
      return;
    }
    record.atomically(() => {
      const log = { ...file, type: "trace", format: "raw", filename: "job.log", variables: null, expiresInMs: null };
      artifacts.commit(upload.id, log, Date.now());
      trace.clear();
    });
  }
}
