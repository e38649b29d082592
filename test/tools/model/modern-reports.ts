/** What today's runner reports of a build: signs of life and its end, with what its log should be. */
import { outputOf } from "../runners/fake-modern-runner.ts";
import type { Random } from "./random.ts";
import { heard } from "./speaker.ts";
import type { Speaker } from "./speaker.ts";
import { isCurrent, isOver, only, tokenOf } from "./world.ts";
import type { World } from "./world.ts";

export type Report = "running" | "success" | "failed";

export const EVENTS = { running: "confirm", success: "succeed", failed: "fail" } as const;

/** So often a log that isn't what its runner says is sent anew; and so often in all, while nothing has come since. */
const MAX_RESETS = 2;
const MAX_ANSWERS = 10;

type Said = "nothing of its log" | "its log" | "another log";

/** By the last look. Of an attempt that lost an answer about its log either may come. */
const answers = (
  { build, attempt }: Speaker,
  { state, said, trace }: { state: Report; said: Said; trace: Uint8Array },
): readonly number[] => {
  const { summary, history } = build.view;
  if (!isCurrent(build, attempt) || summary.erasedAtMs !== null) return [403];
  if (isOver(build)) {
    const ended = history.find(({ event }) => event === "succeed" || event === "fail")?.event;
    return [ended === EVENTS[state] ? 200 : 403];
  }
  // 14.6 can resend as well.
  if (said !== "another log" || state === "running") return [200];
  if (attempt.resets === null) return [200, 412];
  const most = attempt.resets > 0 && trace.length === 0 ? MAX_ANSWERS : MAX_RESETS;
  return [attempt.resets < most ? 412 : 200];
};

export const reportModern = async (world: World, random: Random, speaking: Speaker): Promise<string> => {
  const { build, attempt } = speaking;
  const state = random.one<Report>("running", "running", "success", "failed");
  const said = random.one<Said>("nothing of its log", "its log", "its log", "another log");
  const trace = only(build.traces);
  const output = outputOf(said === "its log" ? trace : Uint8Array.of(...trace.subarray(0, 10), random.int(256)));
  build.asked.add(EVENTS[state]);
  if (said === "another log") {
    build.asked.add("reset_trace");
    // Who has a log runs the build, also if its word that it does was lost.
    build.asked.add("confirm");
  }
  const wasOver = isOver(build);
  const client = world.modernClient(attempt.runner, tokenOf(attempt.runner));
  const report = { state, ...(said === "nothing of its log" ? {} : { output }) };
  const { status } = await client.update(attempt.claimed, report);
  const what = `attempt ${attempt.number} of ${build.label} reports ${state} with ${said}`;
  world.touched.add(build);
  const isSure = world.isSure(status, answers(speaking, { state, said, trace }), what);
  if (wasOver || status === 403) return `${what}: ${status}`;
  const mayReset = said === "another log" && state !== "running";
  if (!isSure && mayReset) {
    attempt.resets = null;
    build.traces = [trace, new Uint8Array()];
  }
  if (status === 412) {
    if (attempt.resets !== null) attempt.resets++;
    build.traces = [new Uint8Array()];
  }
  if (status === 200 && state !== "running") build.ended = state;
  if (isSure) heard(attempt);
  return `${what}: ${status}`;
};
