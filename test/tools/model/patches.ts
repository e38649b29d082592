/** The log of a build in patches: at the right place and at wrong ones, and two at once. */
import type { Random } from "./random.ts";
import { heard, speaker } from "./speaker.ts";
import type { Speaker } from "./speaker.ts";
import { CLOSED, patch as send } from "./speech.ts";
import { isCurrent, isOver, joined, must, only, tokenOf } from "./world.ts";
import type { World } from "./world.ts";

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

/** The status that a patch at the right place must get, by the last look. */
const patchAnswer = ({ build, attempt }: Speaker): number => {
  if (!isCurrent(build, attempt) || build.view.summary.erasedAtMs !== null) return 403;
  return isOver(build) ? CLOSED[attempt.runner.tongue] : 202;
};

export const patch = async (world: World, random: Random): Promise<string | null> => {
  const speaking = speaker(world, random);
  if (speaking === null) return null;
  const { build, attempt } = speaking;
  const trace = only(build.traces);
  const bytes = attempt.runner.tongue === "legacy" && random.chance(15) ? new Uint8Array() : someLog(random);
  const offset = random.chance(85) ? trace.length : random.one(0, trace.length + 1, Math.max(0, trace.length - 1));
  const answer = await send(world, attempt, tokenOf(attempt.runner), offset, bytes);
  const what = `attempt ${attempt.number} of ${build.label} patches ${bytes.length} bytes at ${offset}`;
  const closed = patchAnswer(speaking);
  if (isOver(build) || closed === 403) {
    if (world.isSure(answer.status, [closed], what) && answer.length !== null) {
      must(answer.length === trace.length, `${what}: it has ${answer.length} bytes`);
      must(answer.said === build.view.summary.status, `${what}: it is ${answer.said}`);
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
  if (speaking === null || isOver(speaking.build) || patchAnswer(speaking) === 403) return null;
  const { build, attempt } = speaking;
  const token = tokenOf(attempt.runner);
  const [one, other] = [someLog(random), someLog(random)];
  const offset = only(build.traces).length;
  const answers = await Promise.all([one, other].map((bytes) => send(world, attempt, token, offset, bytes)));
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
