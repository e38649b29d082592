/** A simulated runner: either dialect as the real ones speak it, without a shell. What was acknowledged is noted. */
import { setTimeout as delay } from "node:timers/promises";
import { LegacyClient } from "../clients/legacy-client.ts";
import { ModernClient } from "../clients/modern-client.ts";
import { RELEASE_14, RELEASE_19, without } from "../clients/modern-release.ts";
import type { Release } from "../clients/modern-release.ts";
import type { BuildKey, Fetch } from "../clients/runner-wire.ts";
import { legacyTrace, TraceSender } from "../runners/trace-sender.ts";
import { attemptOf } from "./ledger.ts";
import { ModernWire } from "./modern-wire.ts";
import { NotingWire } from "./wire.ts";
import type { Notes, Polled, Wire } from "./wire.ts";
import { archiveOf, logOf, planOf, type Mix } from "./workload.ts";

const RETRY_MS = 500;
/** The answers to an upload after which the real runner doesn't try again. */
const UPLOAD_ENDS: ReadonlySet<number> = new Set([201, 403, 413]);
const PIECE_BYTES = 256 * 1024;

export interface RunnerParts extends Notes {
  readonly fetch: Fetch;
  readonly mix: Mix;
  /** Of so many polls one is left by its runner before its answer; none with 0. */
  readonly vanishOneOf: number;
}

/** Null for the legacy dialect. A cancel that a runner winds down from would have its last report count for nothing. */
const RELEASES: readonly (Release | null)[] = [null, RELEASE_14, without(RELEASE_19, "cancel_gracefully")];

const legacyWire = (client: LegacyClient): Wire => ({
  ...legacyTrace(client),
  poll: (signal) => client.poll(signal),
  uploadArtifacts: (build, archive) => client.uploadArtifacts(build, archive),
});

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

/** A reader of a running build's log is not shown a last few bytes that could be the beginning of a token. */
const lineEnd = (log: Buffer, from: number): number => {
  const newline = log.indexOf("\n", from);
  return newline < 0 ? log.length : newline + 1;
};

export class SimulatedRunner {
  readonly #client: Wire;
  readonly #parts: RunnerParts;
  readonly #leaving = new AbortController();
  #isIdle = true;

  private constructor(client: Wire, parts: RunnerParts) {
    this.#client = client;
    this.#parts = parts;
  }

  /** The `n`th of a fleet: they speak each dialect by turns. */
  static async register(n: number, registrationToken: string, parts: RunnerParts): Promise<SimulatedRunner> {
    const name = `runner ${n}`;
    const release = RELEASES[n % RELEASES.length] ?? null;
    const description = { description: name };
    const wire =
      release === null
        ? legacyWire(await LegacyClient.register("", registrationToken, description, parts.fetch))
        : new ModernWire(
            await ModernClient.register("", registrationToken, description, {
              release,
              systemId: `s_${n}`,
              fetch: parts.fetch,
            }),
          );
    return new SimulatedRunner(new NotingWire(name, wire, parts), parts);
  }

  get isIdle(): boolean {
    return this.#isIdle;
  }

  /** Polls and runs what comes until `leave`; whatever fails is tried again. */
  async run(): Promise<void> {
    while (!this.#leaving.signal.aborted) {
      const answer = await this.#poll().catch(() => null);
      if (answer?.kind === "build") {
        this.#isIdle = false;
        await this.#runBuild(answer.build);
        this.#isIdle = true;
      } else if (answer?.kind !== "nothing") await delay(RETRY_MS);
    }
  }

  /** Ends the poll that waits; a build that runs is brought to its end. */
  leave(): void {
    this.#leaving.abort();
  }

  async #poll(): Promise<Polled> {
    const { vanishOneOf } = this.#parts;
    if (vanishOneOf > 0 && Math.random() < 1 / vanishOneOf) {
      // It may have been given a build in that moment, and never speaks of it.
      await this.#client.poll(AbortSignal.timeout(Math.random() * 2_000));
      return { kind: "nothing" };
    }
    return this.#client.poll(this.#leaving.signal);
  }

  async #runBuild(build: BuildKey): Promise<void> {
    const plan = planOf(build.id, this.#parts.mix);
    const log = logOf(build.id, attemptOf(build.token));
    const ended = new AbortController();
    const trace = new TraceSender(this.#client, build, () => ended.abort());
    const pieceBytes = Math.ceil(log.length / plan.pieces);
    for (let at = 0; at < log.length && !ended.signal.aborted;) {
      if (plan.abandoned && at > log.length / 2) return trace.fallSilent();
      const end = lineEnd(log, at + pieceBytes);
      trace.write(log.subarray(at, end));
      at = end;
      await delay(plan.pauseMs, undefined, { signal: ended.signal }).catch(() => undefined);
    }
    if (plan.artifactBytes !== null) await this.#upload(build, plan.artifactBytes, ended.signal);
    await trace.finish(plan.result);
  }

  async #upload(build: BuildKey, sizeBytes: number, ended: AbortSignal): Promise<void> {
    const bytes = archiveOf(build.id, sizeBytes);
    while (!ended.aborted) {
      const archive = { filename: "artifacts.zip", content: inPieces(bytes) };
      const status = await this.#client.uploadArtifacts(build, archive).catch(() => 0);
      if (UPLOAD_ENDS.has(status)) return;
      await delay(RETRY_MS);
    }
  }
}
