/** The look at everything after each step: what must hold, and what a crash has left unknown. */
import { traceBytes } from "../clients/legacy-api.ts";
import { judgeDeadlines, judgeHistory } from "./history.ts";
import { difference, judgeCopies, viewCopies } from "./copies.ts";
import type { Copies } from "./copies.ts";
import { viewBuild, viewProject, viewQueue } from "./views.ts";
import { isOver, mayTake, must, tokenOf } from "./world.ts";
import type { Archive, ModelBuild, ModelRunner, World } from "./world.ts";

/** So often is looked again while messages are under way; after a crash some wait for their alarm instead. */
const MAX_LOOKS = 300;
const LOOKS_AFTER_CRASH = 5;

/** Of a step that is not `full` only what it touched, and whatever has to do with that. */
export const look = async (world: World, isFull: boolean): Promise<void> => {
  for (const runner of world.doubtfulRunners) await recoverRunner(world, runner);
  if (world.lostCreations + world.unborn.size > 0) {
    for (const project of world.projects) await adoptBuilds(world, project.id);
  }
  await removeStrangers(world);
  const copies = await viewWhenQuiet(world, isFull);
  for (const build of world.touched) await judgeContent(world, build);
  for (const build of world.unfinished()) judgeDeadlines(build);
  if (!world.isDisturbed) {
    judgeCopies(world, copies);
    judgeEmptyHanded(world);
  }
  world.touched.clear();
  world.emptyHanded.clear();
  world.doubtfulRunners.clear();
  world.backAtMs = null;
  // What has not been made by now is not made any more.
  if (!world.isDisturbed) world.lostCreations = 0;
};

/** Looks until all messages have arrived: nobody has asked for anything since, so they must. */
const viewWhenQuiet = async (world: World, isFull: boolean): Promise<Copies> => {
  for (let looks = 1; ; looks++) {
    const copies = await viewCopies(world);
    const builds = world.builds.filter(
      (build) => world.touched.has(build) || (isFull && !isOver(build)) || difference(build, copies) !== null,
    );
    await Promise.all(builds.map((build) => view(world, build)));
    const late = builds.flatMap((build) => difference(build, copies) ?? []);
    if (copies.queue.owed === 0 && late.length === 0) return copies;
    if (world.isDisturbed && looks >= LOOKS_AFTER_CRASH) return copies;
    must(looks < MAX_LOOKS, `messages don't arrive; the queue owes ${copies.queue.owed}; ${late.join("; ")}`);
    await scheduler.wait(1);
  }
};

const view = async (world: World, build: ModelBuild): Promise<void> => {
  const found = await viewBuild(build.id);
  if (found === null) return must(false, `${build.label} is gone`);
  judgeHistory(world, build, found);
  if (found.summary.revision !== build.view.summary.revision) world.touched.add(build);
  build.view = found;
};

/** Trace and archive are one of what they may be. */
export const judgeContent = async (world: World, build: ModelBuild): Promise<void> => {
  const text = (bytes: Uint8Array): string => JSON.stringify(new TextDecoder("latin1").decode(bytes).slice(-200));
  const trace = await traceBytes(build.id);
  const possible = build.traces.map(text).join(" or ");
  must(
    build.traces.some((each) => isSame(each, trace)),
    `the trace of ${build.label} is ${text(trace)}, not ${possible}`,
  );
  build.traces = [trace];

  if (build.archives.every((archive) => archive === null)) {
    build.archives = [null];
    return;
  }
  const response = await world.admin("GET", `/projects/${build.project.id}/jobs/${build.id}/artifacts`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const found = build.archives.find((archive) =>
    isThere(archive) ? response.status === 200 && isSame(archive.bytes, bytes) : response.status === 404,
  );
  must(found !== undefined, `the archive of ${build.label} is ${response.status} with ${bytes.length} bytes`);
  build.archives = [isThere(found ?? null) ? (found ?? null) : null];
};

export const isThere = (archive: Archive | null): archive is Archive =>
  archive !== null && (archive.expiresAtMs === null || archive.expiresAtMs > Date.now());

export const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** What a poll in vain could have had and is still there, it should have had. */
const judgeEmptyHanded = ({ emptyHanded, builds }: World): void => {
  for (const runner of emptyHanded) {
    const missed = builds.find((build) => isWaiting(build) && mayTake(runner, build) && !mayAvoid(build, runner));
    must(missed === undefined, `${runner.label} got nothing, though ${missed?.label} waits for it`);
  }
};

const isWaiting = ({ view: { summary } }: ModelBuild): boolean =>
  summary.status === "pending" && summary.runner === null;

/** Of a build that comes back the runner that lost it leaves it to others; who that was is unknown when its answer was lost. */
const mayAvoid = ({ attempts, view: { summary } }: ModelBuild, runner: ModelRunner): boolean =>
  summary.attempt > 0 && (attempts.get(summary.attempt)?.runner ?? runner) === runner;

/** An administrator who doesn't know whether a change was made looks, and gives the runner a new token. */
const recoverRunner = async (world: World, runner: ModelRunner): Promise<void> => {
  const response = await world.admin("GET", `/runners/${runner.id}`);
  runner.isGone = response.status === 404;
  if (runner.isGone) return;
  const found = await response.json<{ paused: boolean; tag_list: string[] }>();
  runner.paused = found.paused;
  runner.tags = found.tag_list;
  const reset = await world.admin("POST", `/runners/${runner.id}/reset_authentication_token`);
  runner.tokens = [...runner.tokens, (await reset.json<{ token: string }>()).token];
  must(tokenOf(runner) !== "", `${runner.label} has no token`);
};

/** Creations whose answers were lost have made builds or not; nothing else has. */
const adoptBuilds = async (world: World, projectId: number): Promise<void> => {
  for (const id of (await viewProject(projectId)).builds.keys()) await world.adopt(id);
};

/** Registrations whose answers were lost have made runners of which nobody has the token. */
const removeStrangers = async (world: World): Promise<void> => {
  if (world.lostRegistrations === 0) return;
  for (const id of (await viewQueue()).runners) {
    if (world.runners.some((runner) => runner.id === id)) continue;
    must(--world.lostRegistrations >= 0, `runner ${id} was registered by nobody`);
    world.isSure((await world.admin("DELETE", `/runners/${id}`)).status, [204], `the end of runner ${id}`);
  }
};
