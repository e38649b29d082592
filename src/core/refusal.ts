type Findable = "build" | "runner" | "runner_manager" | "project" | "artifact" | "branch" | "tag" | "commit";

/**
 * Expected refusals are values, never exceptions: a thrown class loses its identity over RPC and is logged as a bug.
 * Each dialect has one exhaustive table from refusal to status; nothing else gives a refusal its status.
 */
export type Refusal =
  /** Nobody asks: without a token, or with one that opens nothing here. */
  | { readonly reason: "unauthenticated" }
  /** The token is missing, forged, of another kind, or of an object that is gone. */
  | { readonly reason: "forbidden" }
  /** The token was genuine once; its attempt, epoch or runner has been replaced. */
  | { readonly reason: "stale_token" }
  | { readonly reason: "not_found"; readonly what: Findable }
  /** The build's state doesn't take this; `status` is the state it is in. */
  | { readonly reason: "not_running"; readonly status: string }
  /** A repeated retry names the build that the first one made. */
  | { readonly reason: "not_retryable"; readonly retriedAs: number | null }
  | { readonly reason: "not_erasable" }
  | { readonly reason: "erased"; readonly status: string }
  /** A runner that prepares a build which it has already begun. */
  | { readonly reason: "already_running"; readonly status: string }
  | { readonly reason: "project_deleted" }
  /** Nothing new is made in it. */
  | { readonly reason: "project_archived" }
  /** The claim that the queue wanted is no longer to be had. */
  | { readonly reason: "not_claimable"; readonly revision: number; readonly status: string }
  /** A patch that doesn't begin where the stored trace of `lengthBytes` ends. */
  | { readonly reason: "range_mismatch"; readonly lengthBytes: number; readonly status: string }
  | { readonly reason: "missing_range" }
  /** A patch to a build that has ended: of its trace `lengthBytes` are stored, and no more will be. */
  | { readonly reason: "trace_closed"; readonly lengthBytes: number; readonly status: string }
  /** The stored trace is not what the runner says that it sent: it has been dropped, and is to be sent anew from its start. */
  | { readonly reason: "trace_differs"; readonly status: string }
  /** `sizeBytes` is what was seen before reading stopped counting; `limitBytes` what is taken at most. */
  | { readonly reason: "too_large"; readonly limitBytes: number; readonly sizeBytes: number }
  | { readonly reason: "trace_too_large"; readonly limitBytes: number; readonly status: string }
  | { readonly reason: "missing_file" }
  /** An artifact of this type is stored, with other bytes. */
  | { readonly reason: "artifact_exists"; readonly type: string }
  /** The body ended early or isn't what its type says. */
  | { readonly reason: "malformed_body"; readonly message: string }
  /** A parameter is missing or has the wrong shape. */
  | { readonly reason: "invalid"; readonly field: string; readonly message: string }
  /** A value that must be unique is in use. */
  | { readonly reason: "taken"; readonly field: string }
  /** A runner would be left without a project. */
  | { readonly reason: "only_project" }
  /** The runner is not to have work for now; `cursor` as a poll that finds nothing would have it. */
  | { readonly reason: "paused"; readonly cursor: string }
  /** A passing fault of the platform: the caller may try again after so many seconds. */
  | { readonly reason: "unavailable"; readonly retryAfterSeconds: number };

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export const accept = <T>(value: T): Outcome<T> => ({ ok: true, value });

export const refuse = (refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } => ({
  ok: false,
  refusal,
});
