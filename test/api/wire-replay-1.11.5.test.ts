/**
 * What a real runner 1.11.5 sent to a recording stand-in, sent again. Where we answer otherwise than the stand-in did, `OTHERWISE` says so, and why the runner comes to
 * the same end.
 */
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { ADMINISTRATOR } from "../../src/core/principal.ts";
import { buildStub } from "../../src/stubs.ts";
import type { LegacyBuild } from "../tools/clients/legacy-build.ts";
import { enqueue, newProject, runnersToken, summaryOf, traceText } from "../tools/clients/legacy-api.ts";
import recording from "../tools/wire/gitlab-ci-multi-runner-1.11.5.json";
import { FILE, nameOf, Replay } from "../tools/wire/replay.ts";
import type { Exchange } from "../tools/wire/replay.ts";

const EXCHANGES: readonly Exchange[] = recording.exchanges;

const OTHERWISE: Readonly<Record<string, number | "not sent">> = {
  // The stand-in had dropped five bytes; we haven't, so the patch is welcome, and the one that mends it never comes.
  "PATCH /ci/api/v1/builds/104/trace.txt 388-409": 202,
  "PATCH /ci/api/v1/builds/104/trace.txt 383-409": "not sent",
  // A canceled build takes no report. The runner has been told by then, and goes without a word.
  "PUT /ci/api/v1/builds/103.json failed": 404,
};

/** The stand-in told of the cancel in its answer to this. */
const CANCELED_BEFORE = "PATCH /ci/api/v1/builds/103/trace.txt 391-412";

/** What 1.11.5 reads of an answer of each kind, beside its status. */
const check = async (name: string, response: Response): Promise<unknown> => {
  const isJson = /^application\/json(;|$)/.test(response.headers.get("Content-Type") ?? "");
  if (name.includes("/register.json") && response.status === 201) {
    // In any other type a claimed build would be lost.
    expect(isJson, name).toBe(true);
    expect(response.headers.has("X-GitLab-Last-Update")).toBe(false);
    return response.json();
  }
  if (response.status === 204) expect(response.headers.get("X-GitLab-Last-Update")).toMatch(/./);
  // It panics on a range without a dash.
  if (name.startsWith("PATCH")) expect(response.headers.get("Range"), name).toMatch(/^0-\d+$/);
  await response.arrayBuffer();
  return null;
};

test("a recorded runner 1.11.5 comes to the end it came to", async () => {
  const project = await newProject();
  const replay = new Replay();
  replay.set("reg-token", await runnersToken(project));
  const tags = ["linux", "shell"];
  const first = await enqueue(project, { name: "job101", tags });
  const ids = [first, await enqueue(project, { name: "job102", tags, dependencies: [first] })];
  for (const name of ["job103", "job104"]) ids.push(await enqueue(project, { name, tags }));
  const claimed: LegacyBuild[] = [];
  const buildStatuses = new Map<string, string | null>();

  for (const exchange of EXCHANGES) {
    const name = nameOf(exchange);
    const expected = OTHERWISE[name] ?? exchange.response.status;
    if (expected === "not sent") continue;
    if (name === CANCELED_BEFORE) await buildStub(env, ids[2] ?? 0).cancel(ADMINISTRATOR, false);
    // The recorded cursor stays as it is: ours would have this poll held.
    const response = await replay.send(exchange);
    expect({ name, status: response.status }).toEqual({ name, status: expected });
    buildStatuses.set(name, response.headers.get("Build-Status"));
    const answer = await check(name, response);
    if (name.endsWith("runners/register.json")) replay.set("runner-token-1", (answer as { token: string }).token);
    if (name.endsWith("builds/register.json") && response.status === 201) {
      const build = answer as LegacyBuild;
      const number = 101 + claimed.push(build) - 1;
      replay.set(String(number), String(build.id));
      replay.set(`build-token-${number}`, build.token);
      // It downloads by the token that its own build came with: the stand-in had one for both uses.
      for (const { token } of build.depends_on_builds) replay.set("GET build-token-101", token);
    }
  }

  expect(claimed.map((build) => build.id)).toEqual(ids);
  expect(await Promise.all(ids.map(async (id) => (await summaryOf(id)).status))).toEqual([
    "success",
    "failed",
    "canceled",
    "success",
  ]);
  expect(buildStatuses.get(CANCELED_BEFORE)).toBe("canceled");
  expect((await summaryOf(first)).artifacts).toMatchObject([{ filename: "artifacts.zip", sizeBytes: FILE.length }]);

  const lastLog = (number: number) =>
    EXCHANGES.map(({ request }) => request)
      .filter(({ path }) => path.endsWith(`/builds/${number}.json`))
      .map(({ body }) => (body as { trace?: string }).trace)
      .at(-1);
  for (const number of [101, 102, 104]) expect(await traceText(ids[number - 101] ?? 0)).toBe(lastLog(number));
  // All but what came with and after the cancel.
  expect(await traceText(ids[2] ?? 0)).toBe(lastLog(103)?.split("tick 7")[0]);
});
