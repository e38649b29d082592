/** The log of a running build, and how a runner brings it to the server. */
import { setTimeout as delay } from "node:timers/promises";
import type { LegacyClient, TraceAnswer } from "../clients/legacy-client.ts";
import type { BuildKey } from "../clients/runner-wire.ts";

/** The calls that a log needs, of whichever dialect. */
export interface TraceClient {
  /** Its last report carries the log; else all of it must have been sent before. */
  readonly reportsLog: boolean;
  /** `trace`: the whole log. */
  update(build: BuildKey, state: "running" | "success" | "failed", trace?: string): Promise<number>;
  appendTrace(build: BuildKey, offset: number, bytes: Uint8Array): Promise<TraceAnswer>;
}

export const legacyTrace = (client: LegacyClient): TraceClient => ({
  reportsLog: true,
  update: ({ id }, state, trace) => client.update(id, state, trace),
  appendTrace: (build, offset, bytes) => client.appendTrace(build, offset, bytes),
});

/** The real runner sends every three seconds; a viewer of the demo shall see the log grow. */
const SEND_EVERY_MS = 200;
/** Says "still here" when a build prints nothing. */
const KEEP_ALIVE_MS = 30_000;
const FINAL_RETRY_MS = 500;

const hasStopped = (status: string | null): boolean => status === "canceled" || status === "failed";

export class TraceSender {
  readonly #client: TraceClient;
  readonly #build: BuildKey;
  readonly #onAbort: () => void;
  readonly #done = new AbortController();
  #log = Buffer.alloc(0);
  #sent = 0;
  #sentAt = Date.now();
  /** A server without PATCH gets the whole log by PUT. */
  #canPatch = true;
  #aborted = false;
  readonly #sending: Promise<void>;

  /** Starts to send. `onAbort` is called once, when the server says that the build is over for this runner. */
  constructor(client: TraceClient, build: BuildKey, onAbort: () => void) {
    this.#client = client;
    this.#build = build;
    this.#onAbort = onAbort;
    this.#sending = this.#sendUntilDone();
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  write(text: string | Uint8Array): void {
    this.#log = Buffer.concat([this.#log, typeof text === "string" ? Buffer.from(text) : text]);
  }

  /**
   * The last report, with the whole log, until it is answered. False when the server doesn't want it: the build is not this
   * runner's any more.
   */
  async finish(state: "success" | "failed"): Promise<boolean> {
    await this.fallSilent();
    while (!this.#aborted) {
      // Who doesn't report the log has it all on the server before it reports the end.
      const isSent = this.#client.reportsLog || (await this.#attempt(() => this.#sendRest()));
      const status = isSent ? await this.#client.update(this.#build, state, this.#text()).catch(() => 0) : 0;
      if (status === 200) return true;
      if (status === 403 || status === 404) return false;
      // The server wants all of it once more.
      if (status === 412) this.#sent = 0;
      await delay(FINAL_RETRY_MS);
    }
    return false;
  }

  /** Sends nothing more, not even the end: the runner is dead. */
  async fallSilent(): Promise<void> {
    this.#done.abort();
    await this.#sending;
  }

  /** Sends what is new, over and over, until `finish` is called or the server ends the build. */
  async #sendUntilDone(): Promise<void> {
    await this.#attempt(() => this.#report());
    while (!this.#done.signal.aborted) {
      await this.#attempt(() => this.#send());
      await delay(SEND_EVERY_MS, undefined, { signal: this.#done.signal }).catch(() => undefined);
    }
  }

  /** False for what fails now (the server restarts, the network is away): it is tried again at the next tick. */
  async #attempt(call: () => Promise<void>): Promise<boolean> {
    try {
      await call();
      return true;
    } catch {
      this.#sentAt = 0;
      return false;
    }
  }

  async #report(trace?: string): Promise<void> {
    const status = await this.#client.update(this.#build, "running", trace);
    if (status === 403 || status === 404) this.#abort();
  }

  async #send(): Promise<void> {
    const isSilent = this.#sent === this.#log.byteLength;
    if (isSilent && Date.now() - this.#sentAt < KEEP_ALIVE_MS) return;
    this.#sentAt = Date.now();
    if (!this.#canPatch) return this.#sendWholeLog();
    const resumesElsewhere = await this.#patch();
    if (resumesElsewhere) await this.#patch();
  }

  async #sendRest(): Promise<void> {
    while (this.#canPatch && !this.#aborted && this.#sent < this.#log.byteLength) await this.#patch();
  }

  async #sendWholeLog(): Promise<void> {
    const length = this.#log.byteLength;
    await this.#report(this.#text());
    this.#sent = length;
  }

  /** True when the server has another length than this runner thought, and the patch is to be sent again from there. */
  async #patch(): Promise<boolean> {
    const bytes = this.#log.subarray(this.#sent);
    const { status, buildStatus, length } = await this.#client.appendTrace(this.#build, this.#sent, bytes);
    if (status === 403 || hasStopped(buildStatus)) this.#abort();
    else if (status === 202) this.#sent += bytes.byteLength;
    else if (status === 404) this.#canPatch = false;
    else if (status !== 416) throw new Error(`a patch: ${status}`);
    if (status !== 416) return false;
    if (length === null || length > this.#log.byteLength) {
      await this.#sendWholeLog();
      return false;
    }
    this.#sent = length;
    return true;
  }

  #abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#done.abort();
    this.#onAbort();
  }

  #text(): string {
    return new TextDecoder().decode(this.#log);
  }
}
