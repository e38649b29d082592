/** Runners ask for work: alone, several at once, held until there is some, and gone before the answer comes. */
import { env } from "cloudflare:workers";
import { tokenKeys } from "../../../src/settings.ts";
import type { BuildKey } from "../clients/runner-wire.ts";
import type { Random } from "./random.ts";
import { pollsOf } from "./speech.ts";
import type { Answer } from "./speech.ts";
import { Breach, isOver, mayTake, must, tokenOf } from "./world.ts";
import type { ModelRunner, World } from "./world.ts";

const LEASE_MS = 120_000;

/** Asks with this token, and notes what came. */
export const ask = async (world: World, runner: ModelRunner, token = tokenOf(runner)): Promise<string> =>
  note(world, runner, token, await pollsOf(world, runner, token)());

const note = async (world: World, runner: ModelRunner, token: string, answer: Answer): Promise<string> => {
  const isStale = token !== tokenOf(runner);
  switch (answer.kind) {
    case "build":
      await claimed(world, runner, token, answer.build);
      return `${runner.label} gets ${world.builds.find(({ id }) => id === answer.build.id)?.label}`;
    case "nothing":
      // A poll that a crash breaks off is answered so by the Worker, which knows no runners.
      if (world.isTurmoil) return `${runner.label} gets nothing`;
      if (!runner.isChanging) world.emptyHanded.add(runner);
      must(!isStale, `${runner.label} is heard with an old token`);
      must(!runner.isGone, `${runner.label} is heard after its end`);
      return `${runner.label} gets nothing`;
    case "refused":
      world.isSure(
        answer.status,
        runner.isGone || runner.isChanging || isStale ? [403] : [],
        `a poll of ${runner.label}`,
      );
      return `${runner.label} is refused`;
  }
};

const claimed = async (world: World, runner: ModelRunner, token: string, claim: BuildKey): Promise<void> => {
  await world.adopt(claim.id);
  const build = world.builds.find(({ id }) => id === claim.id);
  const claims = tokenKeys(env).verify(claim.token);
  if (build === undefined || claims?.kind !== "build")
    return must(false, `${runner.label} got ${claim.id}, which is none`);
  const number = claims.attempt;
  const what = `${runner.label} got attempt ${number} of ${build.label}`;
  must(claims.id === build.id, `${what} with the token of ${claims.id}`);
  must(token === tokenOf(runner), `${what} with an old token`);
  must(mayTake(runner, build) || runner.isChanging, `${what}, which it must not take`);
  must(!isOver(build), `${what}, which is over`);
  const before = [...build.attempts.values()].at(-1);
  if (before !== undefined) {
    const held = `which ${before.runner.label} had as ${before.number}`;
    must(number > before.number, `${what}, ${held}`);
    must(before.contactAtMs === null, `${what}, ${held} and spoke for`);
    // What a runner that is gone had not begun yet is free at once.
    const isFree = before.runner.isGone && before.runner.tongue === "two-phase";
    must(isFree || Date.now() - before.claimedAtMs >= LEASE_MS, `${what}, ${held} a moment ago`);
  }
  const attempt = { number, runner, runnerToken: token, claimed: claim, claimedAtMs: Date.now() };
  build.attempts.set(number, { ...attempt, contactAtMs: null, resets: 0 });
  world.touched.add(build);
};

export const poll = async (world: World, random: Random): Promise<string | null> => {
  const runner = random.pick(random.chance(95) ? world.present() : world.runners);
  if (runner === null) return null;
  return ask(world, runner, (random.chance(95) ? undefined : random.pick(runner.tokens)) ?? undefined);
};

/** All at once: each build goes to one of them. */
export const pollTogether = async (world: World, random: Random): Promise<string | null> => {
  const runners = world.present().filter(() => random.chance(80));
  // Some ask twice, as a runner with two slots does.
  const asking = [...runners, ...runners.filter(() => random.chance(30))];
  return asking.length < 2 ? null : (await Promise.all(asking.map((runner) => ask(world, runner)))).join(", ");
};

/** So long, at most, until a held poll hears of a build: far less than it would be held without one. */
const WAKE_MS = 10_000;

/** Held by the cursor of the answer before it, until a build comes. */
export const pollHeld = async (world: World, random: Random): Promise<string | null> => {
  const runner = random.pick(world.present().filter(({ paused }) => !paused));
  if (runner === null) return null;
  const token = tokenOf(runner);
  const askAgain = pollsOf(world, runner, token);
  const first = await note(world, runner, token, await askAgain());
  if (!first.endsWith("nothing")) return first;
  const held = askAgain();
  const json = { name: "held", script: ["true"], tags: runner.runUntagged ? [] : runner.tags };
  const project = runner.project ?? random.pick(world.projects);
  const created = await world.admin("POST", `/projects/${project?.id}/jobs`, { json });
  if (world.isSure(created.status, [201], "a creation")) await world.add((await created.json<{ id: number }>()).id);
  else world.lostCreations++;
  if (world.isTurmoil) {
    // There may be no build, or none yet: a new token, which the next look knows of, ends the wait.
    world.doubtfulRunners.add(runner);
    await world.admin("POST", `/runners/${runner.id}/reset_authentication_token`);
    const answer = await held;
    return answer.kind === "build" ? note(world, runner, token, answer) : `${runner.label} waits in vain`;
  }
  const answer = await Promise.race([held, scheduler.wait(WAKE_MS)]);
  if (answer?.kind !== "build") throw new Breach(`the held poll of ${runner.label} ends with ${answer?.kind}`);
  return `held: ${await note(world, runner, token, answer)}`;
};
