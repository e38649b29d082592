/** What runners of each dialect send, in the fewest calls. */
import { infoOf, RELEASE_19 } from "../tools/clients/modern-release.ts";
import type { BuildKey } from "../tools/clients/runner-wire.ts";
import type { Call } from "./http.ts";

export interface Dialect {
  readonly name: "legacy" | "modern";
  register(registrationToken: string, description: string): Call;
  /** `cursor`: of an earlier answer without work; the poll is held then. */
  poll(runnerToken: string, cursor: string | null): Call;
  /** What a runner says at once of the build that it got. */
  begin(runnerToken: string, build: BuildKey): Call;
  /** One patch of `bytes` at `offset`. */
  patch(build: BuildKey, offset: number, bytes: Uint8Array): Call;
  succeed(runnerToken: string, build: BuildKey): Call;
  artifactsPath(build: BuildKey): string;
  buildHeaders(build: BuildKey): Readonly<Record<string, string>>;
}

const json = (method: string, path: string, body: object, headers: Readonly<Record<string, string>> = {}): Call => ({
  method,
  path,
  headers: { "Content-Type": "application/json", ...headers },
  body: JSON.stringify(body),
});

const cursorOf = (cursor: string | null): object => (cursor === null ? {} : { last_update: cursor });

const V1 = "/ci/api/v1";
const RUNNER_1 = { "User-Agent": "gitlab-ci-multi-runner 1.11.5 (HEAD; go1.19.8; linux/amd64)" };

export const LEGACY: Dialect = {
  name: "legacy",
  register: (token, description) => json("POST", `${V1}/runners/register.json`, { token, description }),
  poll: (token, cursor) => json("POST", `${V1}/builds/register.json`, { token, ...cursorOf(cursor) }, RUNNER_1),
  begin: (token, { id }) => json("PUT", `${V1}/builds/${id}.json`, { token, state: "running" }),
  patch: (build, offset, bytes) => ({
    method: "PATCH",
    path: `${V1}/builds/${build.id}/trace.txt`,
    headers: {
      "BUILD-TOKEN": build.token,
      "Content-Range": `${offset}-${offset + bytes.length}`,
      "Content-Type": "text/plain",
    },
    body: bytes,
  }),
  succeed: (token, { id }) => json("PUT", `${V1}/builds/${id}.json`, { token, state: "success" }),
  artifactsPath: ({ id }) => `${V1}/builds/${id}/artifacts`,
  buildHeaders: ({ token }) => ({ "BUILD-TOKEN": token }),
};

const V4 = "/api/v4";
const RUNNER_19 = { "User-Agent": "gitlab-runner 19.3.0 (HEAD; go1.26.1; linux/amd64)" };
const INFO = infoOf(RELEASE_19);
const SYSTEM_ID = "s_5f0c3a9d1e7b";

const jobJson = (build: BuildKey, report: object): Call =>
  json("PUT", `${V4}/jobs/${build.id}`, { token: build.token, info: INFO, ...report }, { "JOB-TOKEN": build.token });

/** 19.3, which confirms its claims. */
export const MODERN: Dialect = {
  name: "modern",
  register: (token, description) => json("POST", `${V4}/runners`, { token, description, info: INFO }, RUNNER_19),
  poll: (token, cursor) =>
    json("POST", `${V4}/jobs/request`, { token, info: INFO, system_id: SYSTEM_ID, ...cursorOf(cursor) }, RUNNER_19),
  begin: (_runnerToken, build) => jobJson(build, { state: "running", output: {} }),
  patch: (build, offset, bytes) => ({
    method: "PATCH",
    path: `${V4}/jobs/${build.id}/trace?debug_trace=false`,
    headers: {
      "JOB-TOKEN": build.token,
      "Content-Range": `${offset}-${offset + bytes.length - 1}`,
      "Content-Type": "text/plain",
    },
    body: bytes,
  }),
  succeed: (_runnerToken, build) => jobJson(build, { state: "success" }),
  artifactsPath: ({ id }) => `${V4}/jobs/${id}/artifacts`,
  buildHeaders: ({ token }) => ({ "JOB-TOKEN": token }),
};

export const DIALECTS: readonly Dialect[] = [LEGACY, MODERN];
