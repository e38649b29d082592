/** What a legacy runner reports of a build: signs of life and its end, with the whole log or without; and what nobody asked it. */
import type { Random } from "./random.ts";
import { EVENTS, reportModern } from "./modern-reports.ts";
import type { Report } from "./modern-reports.ts";
import { heard, speaker } from "./speaker.ts";
import type { Speaker } from "./speaker.ts";
import { isOver, joined, must, only, tokenOf } from "./world.ts";
import type { Attempt, ModelBuild, World } from "./world.ts";

const encoder = new TextEncoder();
const NEWLINE = 10;

/** As Go's JSON has the log: each byte that is no UTF-8 as U+FFFD. Of such bytes these logs have 0xff alone. */
const asText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/**
 * A log for a report, and what the trace is when that was accepted: longer by a tail, or from some line on another one,
 * which begins with what no line of the trace does.
 */
const wholeLog = (trace: Uint8Array, random: Random): { text: string; result: Uint8Array } => {
  const isOther = random.chance(40);
  const kept = isOther ? trace.subarray(0, trace.lastIndexOf(NEWLINE, random.int(trace.length + 1)) + 1) : trace;
  const tail = `${isOther ? "~" : "end "}${random.int(1e6)}.\n`;
  const added = isOther || random.chance(70) ? tail : "";
  return { text: asText(kept) + added, result: joined(kept, encoder.encode(added)) };
};

/** What a report must be answered with, by the last look. */
const reportAnswer = ({ build, attempt }: Speaker, token: string, state: Report, isRewritten: boolean): number => {
  const { runner } = attempt;
  const { summary } = build.view;
  const isKnown =
    !runner.isGone && (token === tokenOf(runner) || attempts(build, runner).at(-1)?.runnerToken === token);
  if (!isKnown) return 403;
  if (summary.runner?.id !== runner.id) return 404;
  // What the same runner says of an attempt that it has lost.
  if (state === "failed" && isRewritten && summary.attempt > 1) return 404;
  if (summary.erasedAtMs !== null) return 403;
  if (!isOver(build)) return 200;
  const ended = build.view.history.find(({ event }) => event === "succeed" || event === "fail")?.event;
  return ended === EVENTS[state] ? 200 : 404;
};

const attempts = (build: ModelBuild, runner: Attempt["runner"]): Attempt[] =>
  [...build.attempts.values()].filter((each) => each.runner === runner);

export const report = async (world: World, random: Random): Promise<string | null> => {
  const speaking = speaker(world, random);
  if (speaking === null) return null;
  const { build, attempt } = speaking;
  if (attempt.runner.tongue !== "legacy") return reportModern(world, random, speaking);
  // Of an attempt whose answer was lost nobody knows which token claimed it.
  const isCertain = build.attempts.has(build.view.summary.attempt) && random.chance(20);
  const token = (isCertain ? random.pick(attempt.runner.tokens) : null) ?? tokenOf(attempt.runner);
  const state = random.one<Report>("running", "running", "success", "failed");
  const trace = only(build.traces);
  const log = random.chance(70) ? wholeLog(trace, random) : null;
  const isRewritten = log !== null && !log.text.startsWith(asText(trace));
  const expected = reportAnswer(speaking, token, state, isRewritten);
  build.asked.add(EVENTS[state]);
  const wasOver = isOver(build);
  const status = await world.client(token).update(build.id, state, log?.text);
  const what = `${attempt.runner.label} reports ${state} of ${build.label} with ${log === null ? "no" : isRewritten ? "another" : "its"} log`;
  world.touched.add(build);
  // An archived log can't be compared any more: the end is repeated then.
  const isArchived = wasOver && state === "failed" && isRewritten;
  const isSure = world.isSure(status, isArchived ? [200, 403, 404] : [expected], what);
  if (wasOver || (isSure && status !== 200)) return `${what}: ${status}`;
  const result = log?.result ?? trace;
  build.traces = isSure ? [result] : [trace, result];
  if (isSure && state !== "running") build.ended = state;
  const current = build.attempts.get(build.view.summary.attempt);
  if (isSure && current !== undefined) heard(current);
  return `${what}: ${status}`;
};

/** Contradicting ends at once: the first one counts. */
export const reportTwice = async (world: World, random: Random): Promise<string | null> => {
  const speaking = speaker(world, random);
  if (speaking === null || isOver(speaking.build) || speaking.attempt.runner.tongue !== "legacy") return null;
  const { build, attempt } = speaking;
  const token = tokenOf(attempt.runner);
  if (reportAnswer(speaking, token, "success", false) !== 200) return null;
  build.asked.add("succeed").add("fail");
  const states = ["success", "failed"] as const;
  const statuses = await Promise.all(states.map((state) => world.client(token).update(build.id, state)));
  const what = `${attempt.runner.label} reports success and failed of ${build.label} at once: ${statuses.join()}`;
  const isSure = statuses.every((status) => world.isSure(status, [200, 404], what));
  must(!isSure || (statuses.includes(200) && statuses.includes(404)), what);
  world.touched.add(build);
  return what;
};

/** Somebody else's build is none of a runner's business. */
export const reportForeign = async (world: World, random: Random): Promise<string | null> => {
  const build = random.pick(world.builds);
  const runner = random.pick(world.present());
  if (build === null || runner === null || build.view.summary.runner?.id === runner.id) return null;
  const status = await world.client(tokenOf(runner)).update(build.id, random.one("success", "failed"), "foreign\n");
  world.touched.add(build);
  const what = `${runner.label} reports of ${build.label}, which it doesn't hold: ${status}`;
  world.isSure(status, [404], what);
  return what;
};
