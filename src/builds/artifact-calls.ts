/** What runners and consumers do with a build's artifacts. */
import type { ClaimedDependency } from "../core/build/claimed.ts";
import type { BuildEvent } from "../core/build/events.ts";
import { lostArtifacts } from "../core/build/rules.ts";
import { nameOf } from "../core/principal.ts";
import type { Actor } from "../core/principal.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome, Refusal } from "../core/refusal.ts";
import type { BuildSummary } from "../core/build/summary.ts";
import { admitDeleter, admitHeld, admitReader } from "./access.ts";
import type { Access } from "./access.ts";
import type { ArtifactRecord, BegunUpload, BuildArtifacts, UploadedFile } from "./artifacts.ts";
import type { TraceReader } from "./reader.ts";
import type { BuildRecord } from "./record.ts";
import type { RunnerCalls } from "./runner-calls.ts";
import type { BuildStore } from "./store.ts";
import type { TraceStore } from "./trace-store.ts";

/** The archived trace is stored under this type: an upload of it would take the place of the rows. */
const reservedType: Refusal = { reason: "invalid", field: "artifact_type", message: "trace is not for uploads" };
const unknownBuild: Refusal = { reason: "not_found", what: "build" };
const noArtifact: Refusal = { reason: "not_found", what: "artifact" };

/** `stored` false: the same bytes were there already. */
export interface Committed {
  readonly build: BuildSummary;
  readonly stored: boolean;
}

const committed = (build: Outcome<BuildSummary>, stored: boolean): Outcome<Committed> =>
  build.ok ? accept({ build: build.value, stored }) : build;

export interface ArtifactCallsParts {
  readonly record: BuildRecord;
  readonly store: BuildStore;
  readonly artifacts: BuildArtifacts;
  readonly trace: TraceStore;
  readonly reader: TraceReader;
  readonly runnerCalls: RunnerCalls;
}

export class ArtifactCalls {
  readonly #parts: ArtifactCallsParts;

  constructor(parts: ArtifactCallsParts) {
    this.#parts = parts;
  }

  begin(access: Access, type: string, format: string): Outcome<BegunUpload> {
    const { record, artifacts, runnerCalls } = this.#parts;
    if (type === "trace") return refuse(reservedType);
    const admitted = runnerCalls.admitWriter(access);
    if (!admitted.ok) return admitted;
    const nowMs = Date.now();
    const begun = artifacts.begin(admitted.value.id, type, format, nowMs);
    record.contact(nowMs);
    return accept(begun);
  }

  async commit(access: Access, id: number, file: UploadedFile, replaces: boolean): Promise<Outcome<Committed>> {
    const { record, artifacts } = this.#parts;
    const admitted = admitHeld(record.build, access);
    if (!admitted.ok) return admitted;
    if (file.type === "trace") return refuse(reservedType);
    if (!artifacts.isUploading(id)) return refuse(noArtifact);
    const nowMs = Date.now();
    record.contact(nowMs);
    const known = replaces ? null : artifacts.current(file.type, nowMs);
    if (known !== null && known.sha256 !== file.sha256) return refuse({ reason: "artifact_exists", type: file.type });
    if (known !== null) return committed(record.summary(), false);
    const what = `${file.type === "archive" ? "" : `${file.type} `}${file.filename} stored, ${file.sizeBytes} bytes`;
    const amend: BuildEvent = { kind: "amend", what };
    return committed(await record.command(amend, access.requestId, () => artifacts.commit(id, file, nowMs)), true);
  }

  abandon(id: number): void {
    const { record, artifacts } = this.#parts;
    if (record.build === null) return;
    artifacts.abandon(id, Date.now());
    record.arm();
  }

  find(type: string, access: Access | null): Outcome<ArtifactRecord> {
    const { record, artifacts } = this.#parts;
    const admitted = access === null ? accept(record.build) : admitReader(record.build, access);
    if (!admitted.ok) return admitted;
    const found = admitted.value === null ? null : artifacts.current(type, Date.now());
    return found === null ? refuse(noArtifact) : accept(found);
  }

  async delete(access: Access | null, requestId: string | undefined): Promise<Outcome<BuildSummary>> {
    const { record, artifacts } = this.#parts;
    const admitted = access === null ? accept(record.build) : admitDeleter(record.build, access);
    if (!admitted.ok) return admitted;
    if (admitted.value === null) return refuse(unknownBuild);
    const { erasedAtMs, status } = admitted.value;
    if (erasedAtMs !== null) return refuse({ reason: "erased", status });
    if (!artifacts.any("trace")) return record.summary();
    const amend: BuildEvent = { kind: "amend", what: "artifacts deleted" };
    return record.command(amend, requestId, () => artifacts.retireAll(Date.now(), "trace"));
  }

  async keep(requestId: string | undefined): Promise<Outcome<BuildSummary>> {
    const { record, store, artifacts } = this.#parts;
    if (record.build === null) return refuse(unknownBuild);
    if (artifacts.anyExpired(Date.now()) || !artifacts.any("trace")) return refuse(noArtifact);
    return record.command({ kind: "amend", what: "artifacts kept" }, requestId, () => store.keepArtifacts());
  }

  /** Removes trace and artifacts for good; the record stays. */
  async erase(by: Actor, requestId: string | undefined): Promise<Outcome<BuildSummary>> {
    const { record, artifacts, trace, reader } = this.#parts;
    if (record.build === null) return refuse(unknownBuild);
    const hasArtifacts = artifacts.any("trace");
    const hasContent = reader.lengthBytes() > 0 || hasArtifacts;
    return record.command({ kind: "erase", by: nameOf(by), hasContent, hasArtifacts }, requestId, () => {
      trace.clear();
      artifacts.retireAll(Date.now());
    });
  }

  /** What a dependant is told of this build. */
  dependency(): Outcome<Omit<ClaimedDependency, "downloadToken">> {
    const { record, artifacts } = this.#parts;
    const summary = record.summary();
    if (record.build === null || !summary.ok) return refuse(unknownBuild);
    const nowMs = Date.now();
    // The alarm may be a little late to say that artifacts have expired.
    const lost = artifacts.anyExpired(nowMs) ? "expired" : lostArtifacts(record.build);
    return accept({ build: summary.value, variables: artifacts.variables(nowMs), lost });
  }
}
