/** Which moves a build's history may show: those that the machine's table makes of builds in all its states. */
import { decide } from "../../../src/core/build/machine.ts";
import type { BuildEvent } from "../../../src/core/build/events.ts";
import { BUILDS, CANCEL, claimOf, FAIL, FORCE_CANCEL } from "../objects/builds.ts";

const RUNNER = 7;

const EVENTS: readonly BuildEvent[] = [
  CANCEL,
  FORCE_CANCEL,
  FAIL,
  { kind: "succeed" },
  { kind: "confirm" },
  { kind: "prepare" },
  { kind: "reset_trace" },
  { kind: "keep_alive" },
  { kind: "release", attempt: 1 },
  { kind: "miss_dependency", detail: "" },
  { kind: "lose_claim" },
  { ...CANCEL, silentAfterMs: -1 } as BuildEvent,
  { kind: "go_silent" },
  { kind: "time_out" },
  { kind: "expire_pending" },
  { kind: "expire_canceling" },
  { kind: "survive_outage", untilMs: 0 },
  { kind: "amend", what: "" },
  { kind: "lose_runner", runnerId: RUNNER, machineId: null },
  { kind: "overflow_trace", limitBytes: 0 },
  { kind: "erase", by: "", hasContent: true, hasArtifacts: false },
  { kind: "retry", newId: 1 },
  { kind: "enqueue" },
];

const move = (from: string, event: string, to: string): string => `${from} -${event}-> ${to}`;

const MOVES: ReadonlySet<string> = new Set(
  Object.values(BUILDS)
    .flatMap((build) => [build, { ...build, lostClaims: 2 }])
    .flatMap((build) =>
      [...EVENTS, claimOf(build), claimOf(build, undefined, true)].flatMap((event) => {
        const verdict = decide(build, event, 0);
        return verdict.kind === "changed" ? [move(build.status, event.kind, verdict.build.status)] : [];
      }),
    ),
);

/** Said once more and apart from the machine: whatever its table says, nothing else may be. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  created: ["pending"],
  // A bound one may end before its runner has said that it runs.
  pending: ["running", "success", "failed", "canceled"],
  running: ["pending", "success", "failed", "canceled"],
};

export const isMove = (from: string, event: string, to: string): boolean =>
  MOVES.has(move(from, event, to)) && (from === to || (NEXT[from] ?? []).includes(to));
