/**
 * The wire calls of today's runner (`/api/v4`), as gitlab-runner 14.6.0 and 19.3.0 make them: one method per call, no
 * retries, no decisions. Pure web standards, so that it runs in Node and in workerd.
 */
import type { ModernJob } from "./modern-job.ts";
import { infoOf, RELEASE_19 } from "./modern-release.ts";
import type { Release } from "./modern-release.ts";
import { fileIn, json, lengthIn, plainFetch, statusOf, upload } from "./runner-wire.ts";
import type { Archive, BuildKey, Fetch, RunnerOptions } from "./runner-wire.ts";

export type JobAnswer =
  | { readonly kind: "job"; readonly job: ModernJob }
  | { readonly kind: "nothing" }
  | { readonly kind: "refused"; readonly status: number };

export interface ReportAnswer {
  readonly status: number;
  /** Of the `Job-Status` header. */
  readonly jobStatus: string | null;
}

export interface PatchAnswer extends ReportAnswer {
  /** Bytes that the server has, of the `Range` header's end. */
  readonly length: number | null;
  /** Seconds until it shall send again. */
  readonly interval: number | null;
}

/** What a runner says of its whole log. `checksum`: `crc32:` and eight hexadecimal digits. */
export type Output = { readonly checksum: string; readonly bytesize: number } | Readonly<Record<string, never>>;

export interface Report {
  readonly state: "pending" | "running" | "success" | "failed";
  readonly output?: Output;
  readonly failure_reason?: string;
  readonly exit_code?: number;
}

export interface Registered {
  readonly id: number;
  readonly token: string;
  readonly token_expires_at: string | null;
}

export interface ModernOptions {
  readonly release?: Release;
  readonly systemId?: string;
  readonly fetch?: Fetch;
}

const hex32 = (): string => crypto.randomUUID().replaceAll("-", "");

export class ModernClient {
  readonly token: string;
  readonly release: Release;
  readonly #api: string;
  readonly #fetch: Fetch;
  readonly #systemId: string;
  #lastUpdate: string | undefined;

  /** `url`: the server's origin; `token`: the runner's own, as `register` returned it. */
  constructor(url: string, token: string, options: ModernOptions = {}) {
    this.#api = `${url}/api/v4`;
    this.token = token;
    this.release = options.release ?? RELEASE_19;
    this.#systemId = options.systemId ?? "s_5f0c3a9d1e7b";
    this.#fetch = options.fetch ?? plainFetch;
  }

  /** Registers a runner by a registration token. Throws with the server's words when it refuses. */
  static async register(
    url: string,
    registrationToken: string,
    { description = "", tags = [], runUntagged = true }: RunnerOptions = {},
    options: ModernOptions = {},
  ): Promise<ModernClient> {
    const asking = new ModernClient(url, registrationToken, options);
    const fields = { description, tag_list: tags.join(","), run_untagged: runUntagged, locked: true, active: true };
    const response = await asking.#post("runners", { info: infoOf(asking.release), ...fields });
    if (response.status !== 201) throw new Error(`register: ${response.status} ${await response.text()}`);
    const { token } = (await response.json()) as Registered;
    return new ModernClient(url, token, options);
  }

  /** What the server knows this token as, or the status that came instead of it. */
  async verify(): Promise<Registered | number> {
    const info = this.release.namesItself ? { info: infoOf(this.release) } : {};
    const response = await this.#post("runners/verify", { ...info, ...this.#machine() });
    return response.status === 200 ? ((await response.json()) as Registered) : statusOf(response);
  }

  /** 204 when the runner is removed. */
  async unregister(): Promise<number> {
    return statusOf(await this.#send("runners", this.#json("DELETE", {})));
  }

  /** 204 when this machine is no more among those of its runner, which stays. */
  async unregisterMachine(): Promise<number> {
    return statusOf(await this.#send("runners/managers", this.#json("DELETE", this.#machine())));
  }

  /** A new token for the same runner, or the status that came instead of it. */
  async resetToken(): Promise<Registered | number> {
    const response = await this.#post("runners/reset_authentication_token", {});
    return response.status === 201 ? ((await response.json()) as Registered) : statusOf(response);
  }

  /**
   * Asks for a job. With the cursor of an earlier answer the server may hold the request until there is one; `signal` lets
   * go of it.
   */
  async poll(signal: AbortSignal | null = null): Promise<JobAnswer> {
    const cursor = this.#lastUpdate === undefined ? {} : { last_update: this.#lastUpdate };
    const body = { info: infoOf(this.release), ...this.#machine(), ...cursor };
    const response = await this.#send("jobs/request", { ...this.#json("POST", body), signal });
    this.#lastUpdate = response.headers.get("X-GitLab-Last-Update") || this.#lastUpdate;
    if (response.status === 201) return { kind: "job", job: (await response.json()) as ModernJob };
    const status = await statusOf(response);
    return status === 204 ? { kind: "nothing" } : { kind: "refused", status };
  }

  async update(job: BuildKey, report: Report): Promise<ReportAnswer> {
    const body = { info: infoOf(this.release), token: job.token, ...report };
    const headers = this.release.namesItself ? { "JOB-TOKEN": job.token } : {};
    const response = await this.#send(`jobs/${job.id}`, json("PUT", body, { ...this.#agent(), ...headers }));
    return { status: await statusOf(response), jobStatus: response.headers.get("Job-Status") };
  }

  /** Appends log bytes at `offset`. This client names the last byte's place, and never sends nothing. */
  async appendTrace(job: BuildKey, offset: number, bytes: Uint8Array): Promise<PatchAnswer> {
    const query = this.release.namesItself ? "?debug_trace=false" : "";
    const response = await this.#send(`jobs/${job.id}/trace${query}`, {
      method: "PATCH",
      headers: {
        ...this.#agent(),
        "JOB-TOKEN": job.token,
        "Content-Range": `${offset}-${offset + bytes.byteLength - 1}`,
        "Content-Type": "text/plain",
      },
      body: bytes,
    });
    const interval = response.headers.get("X-GitLab-Trace-Update-Interval");
    return {
      status: await statusOf(response),
      jobStatus: response.headers.get("Job-Status"),
      length: lengthIn(response),
      interval: interval === null ? null : Number(interval),
    };
  }

  /** Uploads an archive, or a report of another type, as a form in chunks. */
  async uploadArtifacts(
    job: BuildKey,
    archive: Archive & { readonly type?: string; readonly format?: string },
  ): Promise<number> {
    const { type = "archive", format = "zip", expireIn } = archive;
    const query = new URLSearchParams({ artifact_format: format, artifact_type: type });
    if (expireIn !== undefined) query.set("expire_in", expireIn);
    const init = upload(archive, { "JOB-TOKEN": job.token, ...this.#agent() });
    return statusOf(await this.#send(`jobs/${job.id}/artifacts?${query.toString()}`, init));
  }

  /** The archive of the job `id`, by the token of a job that may have it; or the status that came instead. */
  async downloadArtifacts({ id, token }: BuildKey, range?: string): Promise<Uint8Array | number> {
    const headers = { "JOB-TOKEN": token, ...(range === undefined ? {} : { Range: range }) };
    return fileIn(await this.#send(`jobs/${id}/artifacts`, { method: "GET", headers }));
  }

  #machine(): object {
    return this.release.namesItself ? { system_id: this.#systemId } : {};
  }

  #agent(): Record<string, string> {
    const { version, goVersion, namesItself } = this.release;
    const userAgent = `gitlab-runner ${version} (HEAD; ${goVersion}; linux/amd64)`;
    return { "User-Agent": userAgent, ...(namesItself ? { "X-Request-Id": hex32() } : {}) };
  }

  /** The runner's own calls. */
  #json(method: string, body: object): RequestInit {
    const headers = this.release.namesItself ? { "RUNNER-TOKEN": this.token } : {};
    return json(method, { ...body, token: this.token }, { ...this.#agent(), ...headers });
  }

  #post(path: string, body: object): Promise<Response> {
    return this.#send(path, this.#json("POST", body));
  }

  #send(path: string, init: RequestInit): Promise<Response> {
    return this.#fetch(`${this.#api}/${path}`, init);
  }
}
