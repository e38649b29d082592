/**
 * The wire calls of a legacy runner (`/ci/api/v1`), as gitlab-ci-multi-runner 1.11.5 makes them: one method per call, no
 * retries, no decisions. Pure web standards, so that it runs in Node and in workerd.
 */

import type { LegacyBuild } from "./legacy-build.ts";

export interface RunnerOptions {
  readonly description?: string;
  readonly tags?: readonly string[];
  /** Takes builds without tags too; true by default. */
  readonly runUntagged?: boolean;
}

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

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

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
const BOUNDARY = "signalbox-shell-runner-6841b503debb8e81";

const json = (method: string, body: object): RequestInit => ({
  method,
  headers: { "Content-Type": "application/json", Accept: "application/json", "User-Agent": USER_AGENT },
  body: JSON.stringify(body),
});

/** A form with the one field `file`; its length isn't told, so that it goes out in chunks. */
const fileForm = (filename: string, content: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> => {
  const text = new TextEncoder();
  async function* pieces(): AsyncGenerator<Uint8Array, void> {
    const disposition = `Content-Disposition: form-data; name="file"; filename="${filename}"`;
    yield text.encode(`--${BOUNDARY}\r\n${disposition}\r\nContent-Type: application/octet-stream\r\n\r\n`);
    yield* content;
    yield text.encode(`\r\n--${BOUNDARY}--\r\n`);
  }
  const iterator = pieces();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void (await iterator.return()),
  });
};

export class LegacyClient {
  readonly token: string;
  readonly #api: string;
  readonly #fetch: Fetch;
  #lastUpdate: string | undefined;

  /** `url`: the server's origin; `token`: the runner's own, as `register` returned it. */
  constructor(url: string, token: string, fetcher: Fetch = (input, init) => fetch(input, init)) {
    this.#api = `${url}/ci/api/v1`;
    this.token = token;
    this.#fetch = fetcher;
  }

  /** Registers a runner. Throws with the server's words when it refuses. */
  static async register(
    url: string,
    registrationToken: string,
    options: RunnerOptions = {},
    fetcher: Fetch = (input, init) => fetch(input, init),
  ): Promise<LegacyClient> {
    const { description = "", tags = [], runUntagged = true } = options;
    const fields = { description, tag_list: tags.join(","), run_untagged: runUntagged };
    const body = { info: INFO, token: registrationToken, ...fields };
    const response = await fetcher(`${url}/ci/api/v1/runners/register.json`, json("POST", body));
    if (response.status !== 201) throw new Error(`register: ${response.status} ${await response.text()}`);
    const { token } = (await response.json()) as { token: string };
    return new LegacyClient(url, token, fetcher);
  }

  /** 200 when the runner is removed. */
  async unregister(): Promise<number> {
    return this.#status("runners/delete", json("DELETE", { token: this.token }));
  }

  /**
   * Asks for a build. With the cursor of an earlier answer the server may hold the request until there is one; `signal`
   * lets go of it.
   */
  async poll(signal: AbortSignal | null = null): Promise<PollAnswer> {
    const cursor = this.#lastUpdate === undefined ? {} : { last_update: this.#lastUpdate };
    const body = { info: INFO, token: this.token, ...cursor };
    const response = await this.#fetch(`${this.#api}/builds/register.json`, { ...json("POST", body), signal });
    this.#lastUpdate = response.headers.get("X-GitLab-Last-Update") || this.#lastUpdate;
    if (response.status === 201) return { kind: "build", build: (await response.json()) as LegacyBuild };
    await response.arrayBuffer();
    const isNothing = response.status === 204 || response.status === 404 || response.status === 409;
    return isNothing ? { kind: "nothing" } : { kind: "refused", status: response.status };
  }

  /** Reports a state, with the whole log when `trace` is given. */
  async update(buildId: number, state: "running" | "success" | "failed", trace?: string): Promise<number> {
    const body = { info: INFO, token: this.token, state, ...(trace === undefined ? {} : { trace }) };
    return this.#status(`builds/${buildId}.json`, json("PUT", body));
  }

  /** Appends log bytes at `offset`. This client names the end of the range exclusively. */
  async appendTrace(build: Pick<LegacyBuild, "id" | "token">, offset: number, bytes: Uint8Array): Promise<TraceAnswer> {
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
    const length = /-(\d+)$/.exec(response.headers.get("Range") ?? "")?.[1];
    return {
      status: response.status,
      buildStatus: response.headers.get("Build-Status"),
      length: length === undefined ? null : Number(length),
    };
  }

  /** Uploads an archive as a form in chunks. */
  async uploadArtifacts(
    build: Pick<LegacyBuild, "id" | "token">,
    archive: { filename: string; content: AsyncIterable<Uint8Array>; expireIn?: string | undefined },
  ): Promise<number> {
    const query = archive.expireIn === undefined ? "" : `?expire_in=${encodeURIComponent(archive.expireIn)}`;
    const contentType = `multipart/form-data; boundary=${BOUNDARY}`;
    const init = {
      method: "POST",
      headers: { "BUILD-TOKEN": build.token, "Content-Type": contentType, "User-Agent": USER_AGENT },
      body: fileForm(archive.filename, archive.content),
      // Node's fetch wants to be told that a stream is sent before the answer is read.
      duplex: "half",
    };
    return this.#status(`builds/${build.id}/artifacts${query}`, init);
  }

  /** The archive of a build, or the status that came instead of it. */
  async downloadArtifacts(build: Pick<LegacyBuild, "id" | "token">): Promise<Uint8Array | number> {
    const headers = { "BUILD-TOKEN": build.token };
    const response = await this.#fetch(`${this.#api}/builds/${build.id}/artifacts`, { method: "GET", headers });
    const bytes = new Uint8Array(await response.arrayBuffer());
    return response.status === 200 ? bytes : response.status;
  }

  async #status(path: string, init: RequestInit): Promise<number> {
    const response = await this.#fetch(`${this.#api}/${path}`, init);
    await response.arrayBuffer();
    return response.status;
  }
}
