/** Reads the log that comes with a report, and decides after each piece whether the build still takes it. */
import { isHeld } from "../core/build/build.ts";
import type { Build } from "../core/build/build.ts";
import type { BuildEvent } from "../core/build/events.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import { log as writeLine } from "../log.ts";
import { admit } from "./access.ts";
import type { Access } from "./access.ts";
import { IncomingLog } from "./incoming-log.ts";
import type { TraceReader } from "./reader.ts";
import type { BuildRecord } from "./record.ts";
import type { TraceStore } from "./trace-store.ts";

/** In UTF-8. A large one comes as a stream: an argument of an RPC may have 32 MiB, and nobody is to hold so much. */
export type ReportLog = Uint8Array | ReadableStream<Uint8Array>;

export interface ReportLogParts {
  readonly record: BuildRecord;
  readonly trace: TraceStore;
  readonly reader: TraceReader;
  readonly maxTraceBytes: number;
}

export interface LoggedReport {
  readonly access: Access;
  readonly report: BuildEvent;
  readonly log: ReportLog;
}

/** The stream failed, not what was made of it. */
class BrokenOff extends Error {}

const piecesOf = async function* (log: ReportLog): AsyncGenerator<Uint8Array> {
  if (log instanceof Uint8Array) return yield log;
  const reader = log.getReader();
  const next = () =>
    reader.read().catch((error: unknown) => {
      throw new BrokenOff(String(error));
    });
  try {
    for (let piece = await next(); !piece.done; piece = await next()) yield piece.value;
  } finally {
    // Tells the sender that no more is wanted; of a stream that has ended it is nothing.
    await reader.cancel().catch(() => {});
  }
};

/**
 * A runner's token doesn't say which attempt it speaks of. When the same runner has the build anew, the attempt that it
 * lost ends with a failure and a log of its own, which isn't what the running attempt has stored so far.
 */
const isOfEarlierAttempt = (build: Build, access: Access, report: BuildEvent): boolean =>
  access.by === "runner" && build.attempt > 1 && report.kind === "fail";

/**
 * The log, to be stored with its report; null for a build that takes no more of it: then it isn't read on. Errors: those of
 * `admit`, `not_running` for an earlier attempt's report, `malformed_body` when the log breaks off.
 */
export const readReportLog = async (
  { record, trace, reader, maxTraceBytes }: ReportLogParts,
  { access, report, log }: LoggedReport,
): Promise<Outcome<IncomingLog | null>> => {
  const incoming = new IncomingLog({ trace, maxBytes: maxTraceBytes });
  /** Much may happen to the build while the next piece is waited for. */
  const admitted = (isDifferent: boolean): Outcome<boolean> => {
    const build = admit(record.build, access);
    if (!build.ok) return build;
    if (isDifferent && isOfEarlierAttempt(build.value, access, report)) {
      return refuse({ reason: "not_running", status: build.value.status });
    }
    return accept(isHeld(build.value) && build.value.erasedAtMs === null);
  };
  try {
    for await (const piece of piecesOf(log)) {
      incoming.take(piece);
      const goesOn = admitted(incoming.differs);
      if (!goesOn.ok) return goesOn;
      if (!goesOn.value) return accept(null);
      // From here on the claim is confirmed: no other attempt begins, so what was compared stays what it was.
      record.contact(Date.now());
      if (!incoming.isFull) continue;
      incoming.store(Date.now());
      reader.wake();
    }
  } catch (error) {
    if (!(error instanceof BrokenOff)) throw error;
    writeLine("warn", "log_broken_off", { build: record.build?.id, error: error.message });
    return refuse({ reason: "malformed_body", message: "the log broke off" });
  }
  incoming.end();
  const whole = admitted(incoming.differs || incoming.isShorter);
  if (!whole.ok) return whole;
  return accept(whole.value ? incoming : null);
};
