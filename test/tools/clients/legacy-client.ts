/**
 * The wire calls of a legacy runner (`/ci/api/v1`), as gitlab-ci-multi-runner 1.11.5 makes them: one method per call, no
 * retries, no decisions. Pure web standards, so that it runs in Node and in workerd.
 */

import type { LegacyBuild } from "./legacy-build.ts";
import { fileIn, json, lengthIn, plainFetch, statusOf, upload } from "./runner-wire.ts";
import type { Archive, BuildKey, Fetch, RunnerOptions } from "./runner-wire.ts";

export type PollAnswer =
  | { readonly kind: "build"; readonly build: LegacyBuild }
  | { readonly kind: "nothing" }
  | { readonly kind: "refused"; readonly status: number };

export interface TraceAnswer {
  readonly status: number;
  /** Of the `Build-Status` header. */
  readonly buildStatus: string | null;
  /** Bytes that the server has, of the `Range` header's end. */
  readonly length: number | null;
}

const USER_AGENT = "gitlab-ci-multi-runner 1.11.5 (signalbox; shell-runner)";
const INFO = {
  name: "gitlab-ci-multi-runner",
  version: "1.11.5",
  revision: "signalbox",
  platform: "linux",
  architecture: "amd64",
  executor: "shell",
  features: { variables: true, image: false, services: false, features: false, cache: false },
};
const AGENT = { "User-Agent": USER_AGENT };

export class LegacyClient {
  readonly token: string;
  readonly #api: string;
  readonly #fetch: Fetch;
  #lastUpdate: string | undefined;

  /** `url`: the server's origin; `token`: the runner's own, as `register` returned it. */
  constructor(url: string, token: string, fetcher: Fetch = plainFetch) {
    this.#api = `${url}/ci/api/v1`;
    this.token = token;
    this.#fetch = fetcher;
  }

  /** Registers a runner. Throws with the server's words when it refuses. */
  static async register(
    url: string,
    registrationToken: string,
    options: RunnerOptions = {},
    fetcher: Fetch = plainFetch,
  ): Promise<LegacyClient> {
    const { description = "", tags = [], runUntagged = true } = options;
    const fields = { description, tag_list: tags.join(","), run_untagged: runUntagged };
    const body = { info: INFO, token: registrationToken, ...fields };
    const response = await fetcher(`${url}/ci/api/v1/runners/register.json`, json("POST", body, AGENT));
    if (response.status !== 201) throw new Error(`register: ${response.status} ${await response.text()}`);
    const { token } = (await response.json()) as { token: string };
    return new LegacyClient(url, token, fetcher);
  }

  /** 200 when the runner is removed. */
  async unregister(): Promise<number> {
    return this.#status("runners/delete", json("DELETE", { token: this.token }, AGENT));
  }

  /**
   * Asks for a build. With the cursor of an earlier answer the server may hold the request until there is one; `signal`
   * lets go of it.
   */
  async poll(signal: AbortSignal | null = null): Promise<PollAnswer> {
    const cursor = this.#lastUpdate === undefined ? {} : { last_update: this.#lastUpdate };
    const body = { info: INFO, token: this.token, ...cursor };
    const response = await this.#fetch(`${this.#api}/builds/register.json`, { ...json("POST", body, AGENT), signal });
    this.#lastUpdate = response.headers.get("X-GitLab-Last-Update") || this.#lastUpdate;
    if (response.status === 201) return { kind: "build", build: (await response.json()) as LegacyBuild };
    await response.arrayBuffer();
    const isNothing = response.status === 204 || response.status === 404 || response.status === 409;
    return isNothing ? { kind: "nothing" } : { kind: "refused", status: response.status };
  }

  /** Reports a state, with the whole log when `trace` is given. */
  async update(buildId: number, state: "running" | "success" | "failed", trace?: string): Promise<number> {
    const body = { info: INFO, token: this.token, state, ...(trace === undefined ? {} : { trace }) };
    return this.#status(`builds/${buildId}.json`, json("PUT", body, AGENT));
  }

  /** Appends log bytes at `offset`. This client names the end of the range exclusively. */
  async appendTrace(build: BuildKey, offset: number, bytes: Uint8Array): Promise<TraceAnswer> {
    const response = await this.#fetch(`${this.#api}/builds/${build.id}/trace.txt`, {
      method: "PATCH",
      headers: {
        "BUILD-TOKEN": build.token,
        "Content-Range": `${offset}-${offset + bytes.byteLength}`,
        "Content-Type": "text/plain",
        "User-Agent": USER_AGENT,
      },
      body: bytes,
    });
    await response.arrayBuffer();
    return {
      status: response.status,
      buildStatus: response.headers.get("Build-Status"),
      length: lengthIn(response),
    };
  }

  /** Uploads an archive as a form in chunks. */
  async uploadArtifacts(build: BuildKey, archive: Archive): Promise<number> {
    const query = archive.expireIn === undefined ? "" : `?expire_in=${encodeURIComponent(archive.expireIn)}`;
    return this.#status(
      `builds/${build.id}/artifacts${query}`,
      upload(archive, { "BUILD-TOKEN": build.token, ...AGENT }),
    );
  }

  /** The archive of a build, or the status that came instead of it. */
  async downloadArtifacts(build: BuildKey): Promise<Uint8Array | number> {
    const headers = { "BUILD-TOKEN": build.token };
    return fileIn(await this.#fetch(`${this.#api}/builds/${build.id}/artifacts`, { method: "GET", headers }));
  }

  async #status(path: string, init: RequestInit): Promise<number> {
    return statusOf(await this.#fetch(`${this.#api}/${path}`, init));
  }
}
