/** Runners come, change and go. */
import { ORIGIN, REGISTRATION_TOKEN } from "../clients/legacy-api.ts";
import { ask } from "./polls.ts";
import type { Random } from "./random.ts";
import type { Tongue } from "./tongue.ts";
import { tokenOf } from "./world.ts";
import type { ModelProject, ModelRunner, World } from "./world.ts";

const MAX_RUNNERS = 6;

const TONGUES = ["legacy", "modern", "two-phase"] as const;

export interface RunnerFields {
  readonly tongue: Tongue;
  readonly project: ModelProject | null;
  readonly tags: readonly string[];
  readonly runUntagged: boolean;
}

export const register = async (world: World, { tongue, project, tags, runUntagged }: RunnerFields): Promise<string> => {
  const token = project?.runnersToken ?? REGISTRATION_TOKEN;
  const response = await world.fetch(`${ORIGIN}/ci/api/v1/runners/register`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token, tag_list: tags.join(","), run_untagged: runUntagged }),
  });
  if (!world.isSure(response.status, [201], "a registration")) {
    world.lostRegistrations++;
    return "a registration is lost";
  }
  const made = await response.json<{ id: number; token: string }>();
  const label = `r${world.runners.length}`;
  const traits = { tongue, project, tags, runUntagged, paused: false, isGone: false, isChanging: false };
  world.runners.push({ label, id: made.id, tokens: [made.token], ...traits });
  return `${label} comes, speaks ${tongue}, for ${project === null ? "all" : "one project"}, tags [${tags.join()}], untagged ${runUntagged}`;
};

export const newcomer = async (world: World, random: Random): Promise<string | null> => {
  if (world.present().length >= MAX_RUNNERS) return null;
  const tags = random.one<string[]>([], ["a"], ["a", "b"]);
  return register(world, {
    tongue: random.one(...TONGUES),
    project: random.chance(50) ? random.pick(world.projects) : null,
    tags,
    runUntagged: tags.length === 0 || random.chance(50),
  });
};

/** Changes a runner, sometimes while it asks for work. A change whose answer is lost may have been made or not. */
const change = async (
  world: World,
  random: Random,
  what: string,
  make: (runner: ModelRunner) => Promise<boolean>,
): Promise<string | null> => {
  const runner = random.pick(world.present());
  if (runner === null) return null;
  runner.isChanging = true;
  const asking = random.chance(30) ? ask(world, runner) : Promise.resolve("");
  const [isSure, answer] = await Promise.all([make(runner), asking]);
  runner.isChanging = false;
  if (!isSure) world.doubtfulRunners.add(runner);
  for (const build of world.unfinished()) if (build.view.summary.runner?.id === runner.id) world.touched.add(build);
  return `${runner.label} ${what} ${answer}`;
};

/** By itself, or by an administrator; some stay, or nothing would be run. */
export const leave = async (world: World, random: Random): Promise<string | null> =>
  world.present().length < MAX_RUNNERS / 2
    ? null
    : change(world, random, "goes", async (runner) => {
        const isOwn = random.chance(50);
        const status = isOwn
          ? await world.client(tokenOf(runner)).unregister()
          : (await world.admin("DELETE", `/runners/${runner.id}`)).status;
        const isSure = world.isSure(status, [isOwn ? 200 : 204], `the end of ${runner.label}`);
        if (isSure) runner.isGone = true;
        return isSure;
      });

export const resetToken = (world: World, random: Random): Promise<string | null> =>
  change(world, random, "has a new token", async (runner) => {
    const response = await world.admin("POST", `/runners/${runner.id}/reset_authentication_token`);
    if (!world.isSure(response.status, [201], `a new token of ${runner.label}`)) return false;
    runner.tokens = [...runner.tokens, (await response.json<{ token: string }>()).token];
    return true;
  });

export const alter = (world: World, random: Random): Promise<string | null> => {
  const paused = random.chance(25);
  const tags = random.one<string[]>(["a"], ["a", "b"], ["b"]);
  return change(world, random, `is ${paused ? "paused" : "not paused"}, tags [${tags.join()}]`, async (runner) => {
    const response = await world.admin("PUT", `/runners/${runner.id}`, { json: { paused, tag_list: tags } });
    if (!world.isSure(response.status, [200], `a change of ${runner.label}`)) return false;
    runner.paused = paused;
    runner.tags = tags;
    return true;
  });
};

/** With a token that was good before, or with one of nobody's: nothing changes. */
export const strangerLeaves = async (world: World, random: Random): Promise<string | null> => {
  const runner = random.pick(world.runners.filter(({ isGone, tokens }) => isGone || tokens.length > 1));
  const token = runner === null ? null : random.pick(runner.isGone ? runner.tokens : runner.tokens.slice(0, -1));
  if (runner === null || token === null) return null;
  world.isSure(await world.client(token).unregister(), [403], `the end of ${runner.label} by an old token`);
  return `${runner.label} is refused to go`;
};
