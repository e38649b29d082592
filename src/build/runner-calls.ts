/** What the runner of a build says while it has it: signs of life, its trace, its reports. */
import { isFinished, isRunning } from "../core/build.ts";
import type { Build, BuildStatus } from "../core/build.ts";
import type { BuildEvent } from "../core/machine.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import { admit, admitRunning } from "./access.ts";
import type { Access } from "./access.ts";
import { readLog } from "./log-stream.ts";
import type { WholeLog } from "./log-stream.ts";
import type { TraceReader } from "./reader.ts";
import type { BuildRecord } from "./record.ts";
import type { TraceStore } from "./trace-store.ts";

/** What a patch left behind: `lengthBytes` of trace, and the status that tells a runner to stop; `runnerId` has the build. */
export interface Patched {
  readonly status: BuildStatus;
  readonly lengthBytes: number;
  readonly runnerId: number | null;
}

export type Report = Extract<BuildEvent, { kind: "confirm" | "keep_alive" | "succeed" | "fail" }>;

export class RunnerCalls {
  readonly #record: BuildRecord;
  readonly #trace: TraceStore;
  readonly #reader: TraceReader;
  readonly #maxTraceBytes: number;

  constructor(record: BuildRecord, trace: TraceStore, reader: TraceReader, maxTraceBytes: number) {
    this.#record = record;
    this.#trace = trace;
    this.#reader = reader;
    this.#maxTraceBytes = maxTraceBytes;
  }

  /** The runner gave a sign of life with a call that was otherwise refused. */
  contact(access: Access): Outcome<null> {
    const admitted = admitRunning(this.#record.build, access);
    if (!admitted.ok) return admitted;
    this.#record.contact(Date.now());
    return accept(null);
  }

  /** Appends to the trace. A finished build stores nothing and says how it stands. */
  append(access: Access, start: number | null, bytes: Uint8Array): Outcome<Patched> {
    const admitted = admit(this.#record.build, access);
    if (!admitted.ok) return admitted;
    const { status, erasedAtMs, claim } = admitted.value;
    const runnerId = claim?.runner.id ?? null;
    if (erasedAtMs !== null) return refuse({ reason: "erased", status });
    if (start === null) return refuse({ reason: "missing_range" });
    if (!isRunning(status)) return accept({ status, lengthBytes: this.#reader.lengthBytes(), runnerId });
    // A running build's trace is all in rows: this looks at memory alone.
    const stored = this.#trace.tail.lengthBytes;
    if (start !== stored) return refuse({ reason: "range_mismatch", lengthBytes: stored, status });
    if (stored + bytes.length > this.#maxTraceBytes) return this.#overflow(access);
    const nowMs = Date.now();
    this.#record.sweepOutbox();
    this.#trace.append(bytes, nowMs);
    this.#record.contact(nowMs);
    this.#reader.wake();
    return accept({ status, lengthBytes: stored + bytes.length, runnerId });
  }

  /**
   * The runner reports. `log` is its whole trace, which replaces what is stored; it is read to its end first, so that
   * log and report become true together or not at all.
   */
  async report(access: Access, report: Report, log: WholeLog | null): Promise<Outcome<Patched>> {
    const whole = log === null ? null : await readLog(log, this.#maxTraceBytes);
    const admitted = admit(this.#record.build, access);
    if (!admitted.ok) return admitted;
    if (whole === "too long" && isRunning(admitted.value.status)) return this.#overflow(access);
    if (this.#isOfEarlierAttempt(admitted.value, access, report, whole)) {
      return refuse({ reason: "not_running", status: admitted.value.status });
    }
    const replaceTrace = () => {
      if (whole instanceof Uint8Array) this.#trace.replace(whole, Date.now());
    };
    const reported = this.#record.apply(report, replaceTrace, access.requestId);
    if (!reported.ok) return reported;
    this.#reader.wake();
    if (isFinished(reported.value.status)) await this.#record.settled();
    const { status, claim } = reported.value;
    return accept({ status, lengthBytes: this.#reader.lengthBytes(), runnerId: claim?.runner.id ?? null });
  }

  /**
   * A runner's token doesn't say which attempt it speaks of. When the same runner has the build anew, the attempt that it
   * lost ends with a failure and a log of its own, which isn't what the running attempt has stored so far.
   */
  #isOfEarlierAttempt(build: Build, access: Access, report: Report, whole: Uint8Array | "too long" | null): boolean {
    if (access.by !== "runner" || build.attempt === 1 || report.kind !== "fail") return false;
    return whole instanceof Uint8Array && !this.#trace.isBeginningOf(whole);
  }

  #overflow({ requestId }: Access): Outcome<never> {
    const limitBytes = this.#maxTraceBytes;
    const overflown = this.#record.apply({ kind: "overflow_trace", limitBytes }, () => {}, requestId);
    if (!overflown.ok) return overflown;
    return refuse({ reason: "trace_too_large", limitBytes, status: overflown.value.status });
  }
}
