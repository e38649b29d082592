/** What a simulated runner says, whatever dialect it speaks; and the note of what was acknowledged. */
import type { TraceClient } from "../runners/trace-sender.ts";
import type { TraceAnswer } from "../clients/legacy-client.ts";
import type { Archive, BuildKey } from "../clients/runner-wire.ts";
import type { Samples } from "./figures.ts";
import type { Ledger } from "./ledger.ts";

export type Polled =
  | { readonly kind: "build"; readonly build: BuildKey }
  | { readonly kind: "nothing" }
  | { readonly kind: "refused" };

export interface Wire extends TraceClient {
  poll(signal: AbortSignal | null): Promise<Polled>;
  uploadArtifacts(build: BuildKey, archive: Archive): Promise<number>;
}

export interface Notes {
  readonly ledger: Ledger;
  readonly patchTimes: Samples;
  /** Told when a build's claim is answered. */
  readonly onClaim: (buildId: number) => void;
}

/** Writes every acknowledgement of a wire into the ledger. */
export class NotingWire implements Wire {
  readonly #name: string;
  readonly #wire: Wire;
  readonly #notes: Notes;

  readonly reportsLog: boolean;

  constructor(name: string, wire: Wire, notes: Notes) {
    this.reportsLog = wire.reportsLog;
    this.#name = name;
    this.#wire = wire;
    this.#notes = notes;
  }

  async poll(signal: AbortSignal | null): Promise<Polled> {
    const answer = await this.#wire.poll(signal);
    if (answer.kind === "build") {
      this.#notes.ledger.claimed(answer.build, this.#name);
      this.#notes.onClaim(answer.build.id);
    }
    return answer;
  }

  async update(build: BuildKey, state: "running" | "success" | "failed", trace?: string): Promise<number> {
    const status = await this.#wire.update(build, state, trace);
    if (status !== 200) return status;
    if (state === "running") this.#notes.ledger.heard(build);
    else this.#notes.ledger.reported(build, state, trace?.length ?? 0);
    return status;
  }

  async appendTrace(build: BuildKey, offset: number, bytes: Uint8Array): Promise<TraceAnswer> {
    const { ledger, patchTimes } = this.#notes;
    const startedAt = performance.now();
    const answer = await this.#wire.appendTrace(build, offset, bytes);
    if (answer.length === null) return answer;
    if (answer.status === 202 && answer.buildStatus === "running") {
      patchTimes.add(performance.now() - startedAt);
      ledger.patched(build, answer.length, bytes.length);
    } else ledger.holds(build, answer.length);
    return answer;
  }

  async uploadArtifacts(build: BuildKey, archive: Archive): Promise<number> {
    const status = await this.#wire.uploadArtifacts(build, archive);
    if (status === 201) this.#notes.ledger.archived(build);
    return status;
  }
}
