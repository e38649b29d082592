/** What can happen to a build. */
import type { FailureReason, RunnerRef } from "./build.ts";

export type BuildEvent =
  | { readonly kind: "enqueue" }
  /** The queue hands the build to a runner. `twoPhase`: the runner confirms with `confirm` before the build runs. */
  | { readonly kind: "claim"; readonly revision: number; readonly runner: RunnerRef; readonly twoPhase: boolean }
  /** The build could not be made ready for the runner that claims it. */
  | { readonly kind: "break_claim"; readonly runnerId: number; readonly error: string }
  /** The queue takes back a claim whose answer it did not send. */
  | { readonly kind: "release"; readonly attempt: number }
  /** The runner says that it runs. */
  | { readonly kind: "confirm" }
  /** A runner of two phases makes ready for the build that it is bound to. */
  | { readonly kind: "prepare" }
  /** Any other sign of life by report. */
  | { readonly kind: "keep_alive" }
  /** The runner's final report; `traceVerified` as in `Build`. */
  | { readonly kind: "succeed"; readonly traceVerified?: boolean | null }
  | {
      readonly kind: "fail";
      readonly reason: FailureReason;
      readonly exitCode: number | null;
      readonly traceVerified?: boolean | null;
    }
  /** The stored trace is not what the runner sent: it is dropped, and the runner told to send it anew. */
  | { readonly kind: "reset_trace" }
  /** `silentAfterMs`: a runner that was not heard of for longer is gone, and nobody waits for it. */
  | { readonly kind: "cancel"; readonly by: string; readonly force: boolean; readonly silentAfterMs: number }
  /** The artifacts of a dependency were there and are gone: `detail` says whose, and why. */
  | { readonly kind: "miss_dependency"; readonly detail: string }
  /** Deadlines: see deadlines.ts. */
  | { readonly kind: "lose_claim" }
  | { readonly kind: "go_silent" }
  | { readonly kind: "time_out" }
  | { readonly kind: "expire_pending" }
  | { readonly kind: "expire_canceling" }
  /** The system itself was away: no deadline ends the build before `untilMs`. */
  | { readonly kind: "survive_outage"; readonly untilMs: number }
  /** Something that the status doesn't depend on: artifacts stored, kept, deleted. */
  | { readonly kind: "amend"; readonly what: string }
  /** The runner was deleted, or with `machineId` that machine of it. */
  | { readonly kind: "lose_runner"; readonly runnerId: number; readonly machineId: number | null }
  | { readonly kind: "overflow_trace"; readonly limitBytes: number }
  | { readonly kind: "erase"; readonly by: string; readonly hasContent: boolean; readonly hasArtifacts: boolean }
  | { readonly kind: "retry"; readonly newId: number };

export type EventKind = BuildEvent["kind"];
export type EventOf<K extends EventKind> = Extract<BuildEvent, { kind: K }>;
