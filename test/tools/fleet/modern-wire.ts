/** Today's dialect as a simulated runner uses it: its last report says how long its log is and what it sums up to. */
import { outputOf } from "../runners/fake-modern-runner.ts";
import type { TraceAnswer } from "../clients/legacy-client.ts";
import type { ModernClient } from "../clients/modern-client.ts";
import type { Archive, BuildKey } from "../clients/runner-wire.ts";
import type { Polled, Wire } from "./wire.ts";

export class ModernWire implements Wire {
  readonly reportsLog = false;
  readonly #client: ModernClient;

  constructor(client: ModernClient) {
    this.#client = client;
  }

  async poll(signal: AbortSignal | null): Promise<Polled> {
    const answer = await this.#client.poll(signal);
    if (answer.kind === "job") return { kind: "build", build: answer.job };
    return { kind: answer.kind };
  }

  async update(build: BuildKey, state: "running" | "success" | "failed", trace = ""): Promise<number> {
    const output = outputOf(Buffer.from(trace));
    const { status } = await this.#client.update(build, state === "running" ? { state } : { state, output });
    return status;
  }

  /** Nothing is never sent as a patch: it is told by a report that the runner lives. */
  async appendTrace(build: BuildKey, offset: number, bytes: Uint8Array): Promise<TraceAnswer> {
    if (bytes.length === 0) {
      const { status, jobStatus } = await this.#client.update(build, { state: "running" });
      return { status: status === 200 ? 202 : status, buildStatus: jobStatus, length: offset };
    }
    const { status, jobStatus, length } = await this.#client.appendTrace(build, offset, bytes);
    return { status, buildStatus: jobStatus, length };
  }

  uploadArtifacts(build: BuildKey, archive: Archive): Promise<number> {
    return this.#client.uploadArtifacts(build, archive);
  }
}
