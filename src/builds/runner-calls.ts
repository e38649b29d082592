/** What the runner of a build says while it has it: signs of life, its trace, its reports. */
import type { Abilities } from "../core/runner/abilities.ts";
import { isFinished, isHeld, isRunning } from "../core/build/build.ts";
import type { Build, BuildStatus } from "../core/build/build.ts";
import type { BuildEvent } from "../core/build/events.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import { landPatch } from "../core/trace/patch.ts";
import { checkTrace } from "../core/trace/sum.ts";
import type { TraceSum } from "../core/trace/sum.ts";
import { silentAfterMs, updateIntervalSeconds } from "../core/trace/update-interval.ts";
import { admit, admitHeld } from "./access.ts";
import type { Access } from "./access.ts";
import { readReportLog } from "./report-log.ts";
import type { ReportLog, ReportLogParts } from "./report-log.ts";

/** What a patch left behind: `lengthBytes` of trace, and the status that tells a runner to stop; `runnerId` has the build. */
export interface Patched {
  readonly status: BuildStatus;
  readonly lengthBytes: number;
  readonly runnerId: number | null;
  /** When the runner is to send more, in whole seconds. */
  readonly updateIntervalSeconds: number;
}

export type Report = Extract<BuildEvent, { kind: "confirm" | "prepare" | "keep_alive" | "succeed" | "fail" }>;

/** The whole trace, or what it should be: what a runner's report may have with it. */
export interface ReportedTrace {
  /** Replaces what is stored. */
  readonly log?: ReportLog | null;
  /** Of a final report alone: what is stored must be like this. */
  readonly sum?: TraceSum | null;
}

/** What belongs to a report beside its state. */
export interface ReportContext extends ReportedTrace {
  /** What the runner says that it can do; null when it says nothing of it. */
  readonly abilities?: Abilities | null;
}

export interface RunnerCallsParts extends ReportLogParts {
  readonly stuckAfterMs: number;
}

export class RunnerCalls {
  readonly #parts: RunnerCallsParts;

  constructor(parts: RunnerCallsParts) {
    this.#parts = parts;
  }

  /** After how much silence the runner counts as gone. */
  silentAfterMs(): number {
    const isWatched = (this.#parts.record.build?.watchedUntilMs ?? 0) > Date.now();
    return silentAfterMs(isWatched, this.#parts.stuckAfterMs);
  }

  /** The runner gave a sign of life with a call that was otherwise refused. */
  contact(access: Access): Outcome<null> {
    const admitted = this.admitWriter(access);
    if (!admitted.ok) return admitted;
    this.#parts.record.contact(Date.now());
    return accept(null);
  }

  /**
   * The build, if its runner may write to it. Who writes runs the build: a runner of two phases whose word that it does was
   * lost on the way goes on all the same, and so does one that says nothing before it fails.
   */
  admitWriter(access: Access): Outcome<Build> {
    const { record } = this.#parts;
    const admitted = admitHeld(record.build, access);
    if (!admitted.ok || admitted.value.status !== "pending") return admitted;
    return record.apply({ kind: "confirm" }, null, access.requestId);
  }

  /** Appends to the trace. Errors: `trace_closed` for a build that has ended, which stores nothing and says how it stands. */
  append(access: Access, start: number | null, bytes: Uint8Array): Outcome<Patched> {
    const { record, trace, reader, maxTraceBytes } = this.#parts;
    const admitted = admit(record.build, access);
    if (!admitted.ok) return admitted;
    if (admitted.value.erasedAtMs !== null) return refuse({ reason: "erased", status: admitted.value.status });
    if (!isHeld(admitted.value)) {
      return refuse({ reason: "trace_closed", status: admitted.value.status, lengthBytes: reader.lengthBytes() });
    }
    if (start === null) return refuse({ reason: "missing_range" });
    const begun = this.admitWriter(access);
    if (!begun.ok) return begun;
    const { status } = begun.value;
    // A running build's trace is all in rows: this looks at memory alone.
    const { lengthBytes } = trace.tail;
    const landed = landPatch({ lengthBytes, maxBytes: maxTraceBytes }, { start, lengthBytes: bytes.length });
    if (landed === null) return refuse({ reason: "range_mismatch", lengthBytes, status });
    const nowMs = Date.now();
    if (landed.isCut) {
      return this.#overflow(access, () => trace.append(bytes.subarray(0, landed.storedBytes), nowMs));
    }
    trace.append(bytes, nowMs);
    record.contact(nowMs);
    reader.wake();
    return accept(this.#patched(begun.value, lengthBytes + bytes.length));
  }

  /**
   * The runner reports. A log of its own is read to its end first. Errors: `trace_differs` when the runner is to send its
   * trace anew; the build goes on running until it has. `malformed_body` when the log broke off.
   */
  async report(access: Access, report: Report, context: ReportContext): Promise<Outcome<Patched>> {
    const { log = null, sum = null, abilities = null } = context;
    const { record, reader } = this.#parts;
    const read = log === null ? accept(null) : await readReportLog(this.#parts, { access, report, log });
    if (!read.ok) return read;
    const incoming = read.value;
    const admitted = admit(record.build, access);
    if (!admitted.ok) return admitted;
    if (abilities !== null) record.learn(abilities);
    const replaceTrace = incoming === null ? null : () => incoming.store(Date.now());
    if (incoming?.isTooLong && isRunning(admitted.value.status)) return this.#overflow(access, replaceTrace);
    const checked = this.#checked(admitted.value, report, sum);
    if (checked === "resend") return this.#resend(access);
    const reported = record.apply(checked, replaceTrace, access.requestId);
    if (!reported.ok) return reported;
    reader.wake();
    if (isFinished(reported.value.status)) await record.settled();
    return accept(this.#patched(reported.value, reader.lengthBytes()));
  }

  /** The report, with what is known of the trace; or the demand to send that once more. */
  #checked(build: Build, report: Report, sum: TraceSum | null): Report | "resend" {
    if ((report.kind !== "succeed" && report.kind !== "fail") || !isHeld(build)) return report;
    const resend = { can: build.claim?.runner.resendsTrace === true, resets: build.traceResets };
    const check = checkTrace(this.#parts.trace.tail, sum, resend);
    return check.kind === "resend" ? "resend" : { ...report, traceVerified: check.verified };
  }

  /** What is stored goes first, in the transaction that counts this: otherwise the runner's next patch would not fit. */
  #resend(access: Access): Outcome<never> {
    const { record, trace, reader } = this.#parts;
    const begun = this.admitWriter(access);
    if (!begun.ok) return begun;
    const reset = record.apply({ kind: "reset_trace" }, () => trace.clear(), access.requestId);
    if (!reset.ok) return reset;
    reader.wake();
    return refuse({ reason: "trace_differs", status: reset.value.status });
  }

  #patched(build: Build, lengthBytes: number): Patched {
    const isWatched = build.watchedUntilMs > Date.now();
    return {
      status: build.status,
      lengthBytes,
      runnerId: build.claim?.runner.id ?? null,
      updateIntervalSeconds: updateIntervalSeconds(isWatched, this.#parts.stuckAfterMs),
    };
  }

  #overflow({ requestId }: Access, keepWhatFits: (() => void) | null = null): Outcome<never> {
    const limitBytes = this.#parts.maxTraceBytes;
    const overflown = this.#parts.record.apply({ kind: "overflow_trace", limitBytes }, keepWhatFits, requestId);
    if (!overflown.ok) return overflown;
    return refuse({ reason: "trace_too_large", limitBytes, status: overflown.value.status });
  }
}
