/** Every route of the legacy dialect, to be asked in the wrong way. */
import { allRunners } from "../objects/runners-stored.ts";
import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { buildStub } from "../../../src/stubs.ts";
import { CONTENT_TYPE, form } from "./multipart.ts";
import { legacy, traceText } from "./legacy-api.ts";

/** A request that would be good, were `id` and `token` good for it. */
type Ask = (id: number | string, token: string) => Promise<Response>;

export interface LegacyRoute {
  readonly name: string;
  /** Whose token belongs here. */
  readonly holder: "project" | "runner" | "build";
  readonly ask: Ask;
}

const json =
  (method: string, path: (id: number | string) => string, fields: object = {}): Ask =>
  (id, token) =>
    legacy(method, path(id), { json: { token, ...fields } });

const byHeader =
  (method: string, path: string, options: Parameters<typeof legacy>[2] = {}): Ask =>
  (id, token) =>
    legacy(method, `/builds/${id}${path}`, { ...options, headers: { ...options.headers, "BUILD-TOKEN": token } });

const UPLOAD = {
  headers: { "Content-Type": CONTENT_TYPE },
  body: form({ name: "file", filename: "hostile.zip", content: "hostile" }),
};

export const RUNNER_ROUTES: readonly LegacyRoute[] = [
  { name: "POST runners/register", holder: "project", ask: json("POST", () => "/runners/register") },
  { name: "DELETE runners/delete", holder: "runner", ask: json("DELETE", () => "/runners/delete") },
  { name: "POST builds/register", holder: "runner", ask: json("POST", () => "/builds/register") },
];

const report = { state: "failed", trace: "hostile" };
const patched = { headers: { "Content-Range": "5-" }, body: "hostile" };

export const BUILD_ROUTES: readonly LegacyRoute[] = [
  { name: "PUT build", holder: "runner", ask: json("PUT", (id) => `/builds/${id}`, report) },
  { name: "PATCH trace", holder: "build", ask: byHeader("PATCH", "/trace.txt", patched) },
  { name: "POST authorize", holder: "build", ask: byHeader("POST", "/artifacts/authorize") },
  { name: "POST artifacts", holder: "build", ask: byHeader("POST", "/artifacts", UPLOAD) },
  { name: "GET artifacts", holder: "build", ask: byHeader("GET", "/artifacts") },
  { name: "DELETE artifacts", holder: "build", ask: byHeader("DELETE", "/artifacts") },
];

export const ROUTES = [...RUNNER_ROUTES, ...BUILD_ROUTES];

/** All that a stranger could change, but for when a runner was last seen. */
export const everything = async (buildIds: readonly number[]): Promise<object> => ({
  builds: await Promise.all(
    buildIds.map(async (id) => [
      await buildStub(env, id).summary(),
      await buildStub(env, id).history(),
      await traceText(id),
    ]),
  ),
  runners: (await allRunners()).map(({ id, epoch, paused, tags }) => ({ id, epoch, paused, tags })),
  files: (await env.ARTIFACTS.list()).objects.map((object) => object.key),
  objects: await Promise.all(
    [env.BUILDS, env.QUEUES, env.PROJECTS, env.DIRECTORY].map(async (namespace) =>
      (await listDurableObjectIds(namespace as DurableObjectNamespace)).map(String).toSorted(),
    ),
  ),
});
