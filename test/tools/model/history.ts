/** Judges what has happened to a build since the last look. */
import type { HistoryEntry } from "../../../src/core/build/build.ts";
import { isMove } from "./moves.ts";
import type { BuildView } from "./views.ts";
import { must } from "./world.ts";
import type { ModelBuild, World } from "./world.ts";

const SECOND = 1000;
const LEASE_MS = 120 * SECOND;
const STUCK_MS = 600 * SECOND;
const PENDING_MS = 86_400 * SECOND;
/** A keep-alive may be forgotten by a crash when the one before it was stored less than a quarter of the limit ago. */
const LEAST_SILENCE_MS = 0.75 * STUCK_MS;
/** Alarms that are later than this find that the system was away. */
const OUTAGE_MS = 30 * SECOND;

/** Events that somebody must have asked for. */
const ASKED: ReadonlySet<string> = new Set(["succeed", "fail", "reset_trace", "cancel", "erase", "retry"]);

/** The history only grows, by moves of the machine that have a reason; and what an answer has said is so. */
export const judgeHistory = (world: World, build: ModelBuild, view: BuildView): void => {
  const known = build.view.history;
  const what = `${build.label}: ${view.history.map(({ event, status }) => `${event}:${status}`).join(" ")}`;
  must(
    JSON.stringify(view.history.slice(0, known.length)) === JSON.stringify(known),
    `${what} forgets what it was: ${known.map(({ event }) => event).join(" ")}`,
  );
  view.history.slice(known.length).forEach((entry, index) => {
    const before = view.history.slice(0, known.length + index);
    const from = before.at(-1)?.status ?? "none";
    must(isMove(from, entry.event, entry.status), `${what} is no way to go, at ${entry.event}`);
    judgeEntry(world, build, entry, before, what);
  });
  const last = view.history.at(-1);
  must(last?.status === view.summary.status, `${what}, but it is ${view.summary.status}`);
  must(build.ended === null || build.ended === last?.status, `${what}, but an answer has said ${build.ended}`);
  must(claimsIn(view.history) === view.summary.attempt, `${what}, but its attempt is ${view.summary.attempt}`);
};

const claimsIn = (history: readonly HistoryEntry[]): number => history.filter(({ event }) => event === "claim").length;

const judgeEntry = (
  world: World,
  build: ModelBuild,
  entry: HistoryEntry,
  before: readonly HistoryEntry[],
  what: string,
): void => {
  const { atMs, event } = entry;
  const attempt = build.attempts.get(claimsIn(before) + (event === "claim" ? 1 : 0));
  must(!ASKED.has(event) || build.asked.has(event), `${what}: nobody asked for ${event}`);
  if (event === "expire_pending") {
    const queuedAtMs = before.findLast(({ status }, index) => before[index - 1]?.status !== status)?.atMs ?? Infinity;
    must(atMs - queuedAtMs >= PENDING_MS, `${what}: expired before its time`);
  }
  if (attempt === undefined) return;
  const heardOfAtMs = attempt.contactAtMs ?? attempt.claimedAtMs;
  switch (event) {
    case "claim":
      must(
        entry.detail === `claimed by runner ${attempt.runner.id}`,
        `${what}: ${attempt.runner.label} has it as well`,
      );
      break;
    case "release":
      must(false, `${what}: taken back from ${attempt.runner.label}, which had its answer`);
      break;
    case "lose_claim":
      must(attempt.contactAtMs === null, `${what}: lost, though its runner spoke`);
      must(atMs - attempt.claimedAtMs >= LEASE_MS, `${what}: lost before its lease was over`);
      judgeOutage(world, heardOfAtMs + LEASE_MS, what);
      break;
    case "go_silent":
      must(atMs - heardOfAtMs >= LEAST_SILENCE_MS, `${what}: silent, though its runner spoke`);
      judgeOutage(world, heardOfAtMs + STUCK_MS, what);
      break;
    case "lose_runner":
      must(attempt.runner.isGone, `${what}: ${attempt.runner.label} is still there`);
      break;
  }
};

/** An outage kills no build whose runner comes back. */
const judgeOutage = ({ backAtMs }: World, dueAtMs: number, what: string): void =>
  must(backAtMs === null || backAtMs - dueAtMs <= OUTAGE_MS, `${what}: killed by an outage`);

/** Has a limit passed that should have ended this by now? An outage grants each deadline one more window. */
export const judgeDeadlines = ({ label, spokenAtMs, view: { summary, history } }: ModelBuild): void => {
  if (summary.finishedAtMs !== null) return;
  const startedAtMs = summary.startedAtMs ?? Infinity;
  const limits =
    summary.status === "pending"
      ? [(summary.queuedAtMs ?? 0) + PENDING_MS]
      : [startedAtMs + LEASE_MS, spokenAtMs < startedAtMs ? 0 : spokenAtMs + STUCK_MS];
  const graceMs = history.findLast(({ event }) => event === "survive_outage")?.atMs ?? -Infinity;
  const untilMs = Math.max(...limits, graceMs + STUCK_MS);
  must(Date.now() <= untilMs, `${label} is ${summary.status} past its limit`);
};
