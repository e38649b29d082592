/** What the runner of a build says: its log in patches, signs of life, its end. */
import type { Random } from "./random.ts";
import { isCurrent, isOver, joined, must, only, tokenOf } from "./world.ts";
import type { Attempt, ModelBuild, World } from "./world.ts";

interface Speaker {
  readonly build: ModelBuild;
  readonly attempt: Attempt;
}

/** Mostly one that holds its build; now and then one that has lost it, or has ended it. */
export const speaker = (world: World, random: Random): Speaker | null => {
  const all = world.attempts();
  const holding = all.filter(({ build, attempt }) => isCurrent(build, attempt) && !isOver(build));
  const speaking = random.pick(random.chance(85) ? holding : all);
  if (speaking !== null) speaking.build.spokenAtMs = Date.now();
  return speaking;
};

/** Heard of: the answer has said so. */
export const heard = (attempt: Attempt): void => {
  attempt.contactAtMs = Date.now();
};

const encoder = new TextEncoder();

/** Ends with what no secret has, or it would be held back. Some bytes are no UTF-8, and some patches don't fit into a row. */
const someLog = (random: Random): Uint8Array => {
  const line = encoder.encode(`${random.int(1e6)} ü\n`.repeat(random.chance(2) ? 60_000 : 1 + random.int(4)));
  return random.chance(10) ? joined(Uint8Array.of(0xff, 0x2e), line) : line;
};

/** How a log ends that a patch was added to, or not. */
const grown = (world: World, { build, attempt }: Speaker, bytes: Uint8Array, status: number, length: number | null) => {
  const before = only(build.traces);
  const after = joined(before, bytes);
  world.touched.add(build);
  if (status >= 500) build.traces = [before, after];
  if (status !== 202) return;
  must(length === after.length, `${build.label} has ${length} bytes, not ${after.length}`);
  build.traces = [after];
  heard(attempt);
};

/** The statuses that a patch at the right place may get, by the last look. */
const patchAnswers = ({ build, attempt }: Speaker): number => {
  const mayWrite = isCurrent(build, attempt) && build.view.summary.erasedAtMs === null;
  return mayWrite ? 202 : 403;
};

export const patch = async (world: World, random: Random): Promise<string | null> => {
  const speaking = speaker(world, random);
  if (speaking === null) return null;
  const { build, attempt } = speaking;
  const client = world.client(tokenOf(attempt.runner));
  const trace = only(build.traces);
  const bytes = random.chance(15) ? new Uint8Array() : someLog(random);
  const offset = random.chance(85) ? trace.length : random.one(0, trace.length + 1, Math.max(0, trace.length - 1));
  const answer = await client.appendTrace(attempt.claimed, offset, bytes);
  const what = `attempt ${attempt.number} of ${build.label} patches ${bytes.length} bytes at ${offset}`;
  if (isOver(build) || patchAnswers(speaking) === 403) {
    if (world.isSure(answer.status, [patchAnswers(speaking)], what) && answer.status === 202) {
      must(answer.length === trace.length, `${what}: it has ${answer.length} bytes`);
      must(answer.buildStatus === build.view.summary.status, `${what}: it is ${answer.buildStatus}`);
    }
    return `${what}: ${answer.status}`;
  }
  if (offset !== trace.length) {
    const isSure = world.isSure(answer.status, [416], what);
    must(!isSure || answer.length === trace.length, `${what}: it has ${answer.length} bytes`);
    return `${what}: ${answer.status}`;
  }
  world.isSure(answer.status, [202], what);
  grown(world, speaking, bytes, answer.status, answer.length);
  return `${what}: ${answer.status}`;
};

/** Two at one place: one is stored, the other is told where to go on. */
export const patchTwice = async (world: World, random: Random): Promise<string | null> => {
  const speaking = speaker(world, random);
  if (speaking === null || isOver(speaking.build) || patchAnswers(speaking) === 403) return null;
  const { build, attempt } = speaking;
  const client = world.client(tokenOf(attempt.runner));
  const [one, other] = [someLog(random), someLog(random)];
  const offset = only(build.traces).length;
  const answers = await Promise.all([one, other].map((bytes) => client.appendTrace(attempt.claimed, offset, bytes)));
  const what = `attempt ${attempt.number} of ${build.label} patches twice at ${offset}`;
  const statuses = answers.map(({ status }) => status);
  const before = only(build.traces);
  if (statuses.every((status) => world.isSure(status, [202, 416], what))) {
    must(statuses.includes(202) && statuses.includes(416), `${what}: ${statuses.join()}`);
    const [stored, length] = statuses[0] === 202 ? [one, answers[0]?.length] : [other, answers[1]?.length];
    grown(world, speaking, stored, 202, length ?? null);
  } else {
    const sure = answers.findIndex(({ status }) => status === 202);
    // The one whose answer was lost may have been first only when the other was not stored.
    build.traces =
      sure >= 0 ? [joined(before, sure === 0 ? one : other)] : [before, joined(before, one), joined(before, other)];
    world.touched.add(build);
  }
  return `${what}: ${statuses.join()}`;
};

const NEWLINE = 10;

type Report = "running" | "success" | "failed";

const EVENTS = { running: "confirm", success: "succeed", failed: "fail" } as const;

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
  if (speaking === null || isOver(speaking.build)) return null;
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
