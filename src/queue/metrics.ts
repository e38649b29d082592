/** What the queue tells of itself to `GET /-/metrics`. */
import type { Bucket } from "../core/prometheus.ts";

/** Of all projects, by the tags that a runner must have. */
export interface PendingBuilds {
  readonly tags: readonly string[];
  readonly builds: number;
  readonly oldestAgeMs: number;
}

/** `status` is `removed` for a build that was deleted before it ended. */
export interface FinishedCount {
  readonly status: string;
  /** "" but for failed builds. */
  readonly reason: string;
  readonly count: number;
}

export interface QueueMetrics {
  readonly pending: readonly PendingBuilds[];
  /** Builds that runners hold. */
  readonly running: number;
  readonly claimWaitBounds: readonly number[];
  readonly claimWaits: readonly Bucket[];
  readonly finished: readonly FinishedCount[];
  readonly lostClaims: number;
  /** Paused ones are in no other state. */
  readonly runners: { readonly online: number; readonly offline: number; readonly paused: number };
  /** Runners whose token the previous secret has signed. */
  readonly oldTokens: number;
  readonly heldPolls: number;
  /** Messages of the queue itself that could not be delivered. */
  readonly undelivered: number;
}
