/** What people and programs do: make builds, stop, repeat, erase, read and list them. */
import { bytesWithoutEndNote } from "../end-note.ts";
import { isOver, must, only } from "./world.ts";
import type { ModelBuild, World } from "./world.ts";
import { judgeContent } from "./look.ts";
import { ask } from "./polls.ts";
import type { Random } from "./random.ts";

/** Enough that runners have a choice, few enough that each is often met. */
const MAX_UNFINISHED = 8;

const jobPath = ({ id, project }: ModelBuild): string => `/projects/${project.id}/jobs/${id}`;

/** Sometimes with a key; the same request with it, at once or later, gets the same job, another one none. */
export const create = async (world: World, random: Random): Promise<string | null> => {
  const project = random.pick(world.projects);
  if (project === null || world.unfinished().length >= MAX_UNFINISHED) return null;
  const known = random.chance(20) ? random.pick([...world.keys.entries()]) : null;
  const key = known?.[0] ?? (random.chance(40) ? `key ${random.int(1e9)}` : null);
  const path = `/projects/${known?.[1].projectId ?? project.id}/jobs`;
  const isOther = known !== null && random.chance(30);
  const json =
    known !== null && !isOther
      ? known[1].json
      : {
          name: `job ${random.int(1e6)}`,
          script: ["true"],
          tags: random.one<string[]>([], [], ["a"], ["a", "b"]),
          timeout: random.one(900, 3600),
        };
  const headers: Record<string, string> = key === null ? {} : { "Idempotency-Key": key };
  const send = () => world.admin("POST", path, { json, headers });
  const responses = await Promise.all(key !== null && random.chance(30) ? [send(), send()] : [send()]);
  const what = `a job is made${known === null ? "" : isOther ? " by the key of another" : " again"}`;
  const ids = new Set<number>();
  let isSure = true;
  for (const response of responses) {
    if (world.isSure(response.status, [isOther ? 400 : 201], what)) {
      if (!isOther) ids.add((await response.json<{ id: number }>()).id);
    } else isSure = false;
  }
  must(ids.size <= 1, `${what}, and it is two`);
  const [id] = ids;
  must(id === undefined || known === null || known[1].id === id, `${what}, and it is another`);
  if (id !== undefined) {
    // Should an answer have been lost, then to the same key.
    await world.add(id);
    if (key !== null) world.keys.set(key, { json, id, projectId: known?.[1].projectId ?? project.id });
  } else if (!isSure && !isOther && known === null) world.lostCreations++;
  return `${what}: ${world.builds.find((build) => build.id === id)?.label ?? "?"} [${json.tags.join()}] ${responses.map(({ status }) => status).join()}`;
};

/** Its status when the answer has come. */
const statusOf = async (response: Response): Promise<string> => (await response.json<{ status: string }>()).status;

export const cancel = async (world: World, random: Random): Promise<string | null> => {
  const build = random.pick(random.chance(85) ? world.unfinished() : world.builds);
  if (build === null) return null;
  return cancelBuild(world, build, random.chance(30));
};

const cancelBuild = async (world: World, build: ModelBuild, force: boolean): Promise<string> => {
  build.asked.add("cancel");
  const before = build.view.summary.status;
  const wasOver = isOver(build);
  const response = await world.admin("POST", `${jobPath(build)}/cancel`, { json: { force } });
  world.touched.add(build);
  if (!world.isSure(response.status, [201], `canceling ${build.label}`)) return `canceling ${build.label} breaks off`;
  const status = await statusOf(response);
  // A report that comes first counts.
  const ends = wasOver
    ? [before]
    : ["canceled", ...(build.asked.has("succeed") ? ["success"] : []), ...(build.asked.has("fail") ? ["failed"] : [])];
  must(ends.includes(status), `${build.label} was ${before}, and is ${status} when canceled`);
  build.ended = status;
  return `${build.label} is canceled: ${status}`;
};

/** While its runner speaks, or while somebody asks for work. */
export const cancelMeanwhile = async (world: World, random: Random): Promise<string | null> => {
  const build = random.pick(world.unfinished());
  const runner = random.pick(world.present());
  if (build === null || runner === null) return null;
  return (await Promise.all([cancelBuild(world, build, false), ask(world, runner)])).join(", ");
};

/** The one that is first makes a new build; whoever comes later is told which. */
export const retry = async (world: World, random: Random): Promise<string | null> => {
  const build = random.pick(random.chance(80) ? world.builds.filter(isOver) : world.builds);
  if (build === null || world.unfinished().length >= MAX_UNFINISHED) return null;
  const before = build.view.summary.retriedAs;
  const send = () => world.admin("POST", `${jobPath(build)}/retry`);
  build.asked.add("retry");
  const responses = await Promise.all(random.chance(30) ? [send(), send()] : [send()]);
  const what = `${build.label} is retried`;
  world.touched.add(build);
  const isMade = before !== null && world.builds.some(({ id }) => id === before);
  let made = 0;
  for (const response of responses) {
    // A successor that a crash has kept from being made is made by the next retry.
    const expected = !isOver(build) || isMade ? [403] : [201, 403];
    if (!world.isSure(response.status, expected, what)) world.lostCreations++;
    else if (response.status === 201) {
      const { id } = await response.json<{ id: number }>();
      made++;
      must(before === null || before === id, `${what} as ${id}, and before as ${before}`);
      await world.add(id);
    } else {
      const { message } = await response.json<{ message: string }>();
      must(!isOver(build) || /it was retried as \d+$/.test(message), `${what}: ${message}`);
    }
  }
  must(made <= 1 || world.isTurmoil, `${what} ${made} times at once`);
  must(made === 1 || world.isTurmoil || !isOver(build) || before !== null, `${what}, and nothing is made`);
  return `${what}: ${responses.map(({ status }) => status).join()}`;
};

export const erase = async (world: World, random: Random): Promise<string | null> => {
  const build = random.pick(random.chance(80) ? world.builds.filter(isOver) : world.builds);
  if (build === null) return null;
  const trace = only(build.traces);
  const archive = only(build.archives);
  const isErasable = isOver(build) && build.view.summary.erasedAtMs === null && (trace.length > 0 || archive !== null);
  build.asked.add("erase");
  const { status } = await world.admin("POST", `${jobPath(build)}/erase`);
  const isSure = world.isSure(status, [isErasable ? 201 : 403], `erasing ${build.label}`);
  if (isErasable) {
    build.traces = [...(isSure ? [] : [trace]), new Uint8Array()];
    build.archives = [...(isSure ? [] : [archive]), null];
  }
  world.touched.add(build);
  return `${build.label} is erased: ${status}`;
};

/** Reads, which change nothing. */
export const read = async (world: World, random: Random): Promise<string | null> => {
  const build = random.pick(world.builds);
  if (build === null) return null;
  const trace = only(build.traces);
  const response = await world.admin("GET", `${jobPath(build)}/trace`);
  const bytes = bytesWithoutEndNote(new Uint8Array(await response.arrayBuffer()));
  if (world.isSure(response.status, [200], `the trace of ${build.label}`)) {
    must(bytes.length === trace.length, `the trace of ${build.label} has ${bytes.length} bytes, not ${trace.length}`);
  }
  const job = await world.admin("GET", jobPath(build));
  if (world.isSure(job.status, [200], build.label)) {
    const status = await statusOf(job);
    must(
      status === build.view.summary.status,
      `${build.label} is ${build.view.summary.status}, and shown as ${status}`,
    );
  }
  if (!world.isTurmoil) await judgeContent(world, build);
  return `${build.label} is read`;
};

/** The counts match. */
export const list = async (world: World, random: Random): Promise<string | null> => {
  const project = random.pick(world.projects);
  const scope = random.one("pending", "running", "success", "failed", "canceled");
  const response = await world.admin("GET", `/projects/${project?.id}/jobs?scope[]=${scope}&per_page=1`);
  if (!world.isSure(response.status, [200], "a list") || world.isDisturbed || world.isTurmoil) return "a list";
  const total = Number(response.headers.get("X-Total"));
  const { length } = world.builds.filter(
    ({ view: { summary }, ...build }) => build.project === project && summary.status === scope,
  );
  must(total === length, `${total} builds are listed as ${scope}, and ${length} are`);
  return `${total} builds are ${scope}`;
};
