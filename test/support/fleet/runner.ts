/** A simulated runner: the legacy protocol as the real one speaks it, without a shell. It notes what was acknowledged. */
import { setTimeout as delay } from "node:timers/promises";
import type { LegacyBuild } from "../legacy-build.ts";
import { LegacyClient, type PollAnswer, type TraceAnswer } from "../legacy-client.ts";
import type { Fetch } from "../runner-wire.ts";
import { TraceSender } from "../trace-sender.ts";
import type { Samples } from "./figures.ts";
import { attemptOf, type Ledger } from "./ledger.ts";
import { archiveOf, logOf, planOf, type Mix } from "./workload.ts";

const RETRY_MS = 500;
/** The answers to an upload after which the real runner doesn't try again. */
const UPLOAD_ENDS: ReadonlySet<number> = new Set([201, 403, 413]);
const PIECE_BYTES = 256 * 1024;

type Claim = Pick<LegacyBuild, "id" | "token">;

export interface RunnerParts {
  readonly fetch: Fetch;
  readonly ledger: Ledger;
  readonly mix: Mix;
  readonly patchTimes: Samples;
  /** Told when a build's claim is answered. */
  readonly onClaim: (buildId: number) => void;
  /** Of so many polls one is left by its runner before its answer; none with 0. */
  readonly vanishOneOf: number;
}

/** Writes every acknowledgement into the ledger. */
class NotingClient extends LegacyClient {
  readonly #name: string;
  readonly #parts: RunnerParts;
  /** A runner has one build at a time: its reports name no attempt. */
  #claim: Claim | null = null;

  constructor(name: string, token: string, parts: RunnerParts) {
    super("", token, parts.fetch);
    this.#name = name;
    this.#parts = parts;
  }

  override async poll(signal: AbortSignal | null = null): Promise<PollAnswer> {
    const answer = await super.poll(signal);
    if (answer.kind === "build") {
      this.#claim = answer.build;
      this.#parts.ledger.claimed(answer.build, this.#name);
      this.#parts.onClaim(answer.build.id);
    }
    return answer;
  }

  override async update(buildId: number, state: "running" | "success" | "failed", trace?: string): Promise<number> {
    const status = await super.update(buildId, state, trace);
    if (status !== 200 || this.#claim === null) return status;
    if (state === "running") this.#parts.ledger.heard(this.#claim);
    else this.#parts.ledger.reported(this.#claim, state, trace?.length ?? 0);
    return status;
  }

  override async appendTrace(build: Claim, offset: number, bytes: Uint8Array): Promise<TraceAnswer> {
    const { ledger, patchTimes } = this.#parts;
    const startedAt = performance.now();
    const answer = await super.appendTrace(build, offset, bytes);
    if (answer.length === null) return answer;
    if (answer.status === 202 && answer.buildStatus === "running") {
      patchTimes.add(performance.now() - startedAt);
      ledger.patched(build, answer.length, bytes.length);
    } else ledger.holds(build, answer.length);
    return answer;
  }

  override async uploadArtifacts(
    build: Claim,
    archive: { filename: string; content: AsyncIterable<Uint8Array>; expireIn?: string | undefined },
  ): Promise<number> {
    const status = await super.uploadArtifacts(build, archive);
    if (status === 201) this.#parts.ledger.archived(build);
    return status;
  }
}

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

/** A reader of a running build's log is not shown a last few bytes that could be the beginning of a token. */
const lineEnd = (log: Buffer, from: number): number => {
  const newline = log.indexOf("\n", from);
  return newline < 0 ? log.length : newline + 1;
};

export class SimulatedRunner {
  readonly #client: NotingClient;
  readonly #parts: RunnerParts;
  readonly #leaving = new AbortController();
  #isIdle = true;

  private constructor(client: NotingClient, parts: RunnerParts) {
    this.#client = client;
    this.#parts = parts;
  }

  static async register(name: string, registrationToken: string, parts: RunnerParts): Promise<SimulatedRunner> {
    const { token } = await LegacyClient.register("", registrationToken, { description: name }, parts.fetch);
    return new SimulatedRunner(new NotingClient(name, token, parts), parts);
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

  async #poll(): Promise<PollAnswer> {
    const { vanishOneOf } = this.#parts;
    if (vanishOneOf > 0 && Math.random() < 1 / vanishOneOf) {
      // It may have been given a build in that moment, and never speaks of it.
      await this.#client.poll(AbortSignal.timeout(Math.random() * 2_000));
      return { kind: "nothing" };
    }
    return this.#client.poll(this.#leaving.signal);
  }

  async #runBuild(build: LegacyBuild): Promise<void> {
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

  async #upload(build: Claim, sizeBytes: number, ended: AbortSignal): Promise<void> {
    const bytes = archiveOf(build.id, sizeBytes);
    while (!ended.aborted) {
      const archive = { filename: "artifacts.zip", content: inPieces(bytes) };
      const status = await this.#client.uploadArtifacts(build, archive).catch(() => 0);
      if (UPLOAD_ENDS.has(status)) return;
      await delay(RETRY_MS);
    }
  }
}
