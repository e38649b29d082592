/** How a build is handed to a runner. */
import { tokenKeys } from "../settings.ts";
import type { Build, RunnerRef } from "../core/build/build.ts";
import type { ClaimedBuild } from "../core/build/claimed.ts";
import type { BuildSpec } from "../core/build/spec.ts";
import { checkSpec, DamagedSpec } from "../core/build/stored-spec.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import { DEFAULT_QUEUE } from "../stubs.ts";
import { describeDependencies } from "./dependencies.ts";
import type { BuildRecord } from "./record.ts";
import type { BuildStore } from "./store.ts";

/** `revision`: as the queue knows the build. */
export interface ClaimRequest {
  readonly revision: number;
  readonly runner: RunnerRef;
  readonly twoPhase: boolean;
}

export class Claiming {
  readonly #env: Env;
  readonly #record: BuildRecord;
  readonly #store: BuildStore;

  constructor(env: Env, record: BuildRecord, store: BuildStore) {
    this.#env = env;
    this.#record = record;
    this.#store = store;
  }

  /**
   * A new attempt with a token of its own. Everything that takes time comes before the change, so that no await stands
   * between the change and the answer. Errors: `not_found`, `not_claimable`; a dependency that has lost its artifacts
   * fails the build first.
   */
  async claim(request: ClaimRequest, requestId: string | undefined): Promise<Outcome<ClaimedBuild>> {
    const record = this.#record;
    const before = record.build;
    if (before === null) return refuse({ reason: "not_found", what: "build" });
    const { spec, project } = this.#specFor(request.runner.id, requestId);
    // When another object can't be reached, this throws. That is no fault of the build's, and no lost claim.
    const { token, dependencies } = await this.#prepare(before, spec);
    const missing = dependencies.filter(({ lost }) => lost !== null);
    if (missing.length > 0) {
      const gone = missing.map(({ build, lost }) => `${build.name} (${build.id}): ${lost}`).join(", ");
      const detail = `artifacts of its dependencies are gone: ${gone}`;
      record.apply({ kind: "miss_dependency", detail }, null, requestId);
    }
    // The revision is checked in here: whatever happened during the awaits has raised it, and with it the attempt.
    const claimed = record.apply({ kind: "claim", ...request }, null, requestId);
    if (!claimed.ok) return claimed;
    const summary = record.summary();
    if (!summary.ok) return summary;
    return accept({ summary: summary.value, token, spec, project, dependencies });
  }

  /** A damaged spec fails every claim: each try counts as a lost one, so that the build ends after a few. */
  #specFor(runnerId: number, requestId: string | undefined): ReturnType<BuildStore["spec"]> {
    const stored = this.#store.spec();
    try {
      checkSpec(stored.spec);
      return stored;
    } catch (error) {
      if (error instanceof DamagedSpec) {
        this.#record.apply({ kind: "break_claim", runnerId, error: error.message }, null, requestId);
      }
      throw error;
    }
  }

  /** What a runner needs for the next attempt, beside the spec. */
  async #prepare({ id, attempt }: Build, spec: BuildSpec): Promise<Pick<ClaimedBuild, "token" | "dependencies">> {
    const next = { id, attempt: attempt + 1 };
    const token = tokenKeys(this.#env).sign({ kind: "build", queue: DEFAULT_QUEUE, ...next });
    return { token, dependencies: await describeDependencies(this.#env, spec.dependencies, next) };
  }
}
