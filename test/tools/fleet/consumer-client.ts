/** The consumer API as a client that outlives its server: every call is repeated until it is answered. */
import { bytesWithoutEndNote, certainBytes } from "../end-note.ts";
import { setTimeout as delay } from "node:timers/promises";
import { DEVELOPMENT_SECRETS } from "../../../scripts/local-settings.ts";
import type { Fetch } from "../clients/runner-wire.ts";

const RETRY_MS = 200;

export interface Job {
  readonly id: number;
  readonly status: string;
  readonly attempt: number;
  readonly failure_reason?: string;
  readonly retried_as?: number;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
}

const jsonOf = <T>({ bytes }: Answer): T => JSON.parse(bytes.toString()) as T;

/** What a caller didn't reckon with. */
const unexpected = (path: string, { status, bytes }: Answer): Error =>
  new Error(`${path} answers ${status}: ${bytes.toString("utf8", 0, 300)}`);

export class ConsumerClient {
  readonly #fetch: Fetch;

  constructor(fetch: Fetch) {
    this.#fetch = fetch;
  }

  async createProject(name: string): Promise<number> {
    const path = "/api/v4/projects";
    const answer = await this.#call(path, { name });
    if (answer.status !== 201) throw unexpected(path, answer);
    return jsonOf<{ id: number }>(answer).id;
  }

  /** Begins its removal, unless an earlier call has, whose answer was lost. */
  async removeProject(projectId: number): Promise<void> {
    const path = `/api/v4/projects/${projectId}`;
    const answer = await this.#call(path, null, {}, () => {}, "DELETE");
    if (answer.status !== 202 && answer.status !== 404) throw unexpected(path, answer);
  }

  /** The same `key` makes the same job, however often it is sent. */
  async createJob(projectId: number, key: string): Promise<Job> {
    const path = `/api/v4/projects/${projectId}/jobs`;
    const answer = await this.#call(path, { name: key, script: ["true"] }, { "Idempotency-Key": key });
    if (answer.status !== 201) throw unexpected(path, answer);
    return jsonOf<Job>(answer);
  }

  /** Null when the server doesn't know it. */
  async job(projectId: number, id: number): Promise<Job | null> {
    const answer = await this.#call(jobPath(projectId, id));
    return answer.status === 200 ? jsonOf<Job>(answer) : null;
  }

  async countJobs(projectId: number): Promise<number> {
    const { headers } = await this.#call(`/api/v4/projects/${projectId}/jobs?per_page=1`);
    return Number(headers.get("X-Total"));
  }

  /** How often each event is in a job's history. */
  async events(projectId: number, id: number): Promise<Map<string, number>> {
    const history = jsonOf<{ event: string }[]>(await this.#call(`${jobPath(projectId, id)}/history`));
    const counts = new Map<string, number>();
    for (const { event } of history) counts.set(event, (counts.get(event) ?? 0) + 1);
    return counts;
  }

  /** What the runner has written. */
  async trace(projectId: number, id: number): Promise<Buffer> {
    return Buffer.from(bytesWithoutEndNote((await this.#call(`${jobPath(projectId, id)}/trace`)).bytes));
  }

  /** Follows a job's log to its end, from the beginning again when the server dies. `onBytes` sees what has come so far. */
  async follow(projectId: number, id: number, onBytes: (soFar: Buffer) => void): Promise<Buffer> {
    const path = `${jobPath(projectId, id)}/trace?follow=true`;
    return Buffer.from(bytesWithoutEndNote((await this.#call(path, null, {}, onBytes)).bytes));
  }

  /** Null when there is none. */
  async artifacts(projectId: number, id: number): Promise<Buffer | null> {
    const answer = await this.#call(`${jobPath(projectId, id)}/artifacts`);
    return answer.status === 200 ? answer.bytes : null;
  }

  async cancel(projectId: number, id: number): Promise<Job> {
    const path = `${jobPath(projectId, id)}/cancel`;
    const answer = await this.#call(path, {});
    if (answer.status !== 201) throw unexpected(path, answer);
    return jsonOf<Job>(answer);
  }

  /** The id of the job that takes its place: also when an earlier call has made it, whose answer was lost. */
  async retry(projectId: number, id: number): Promise<number> {
    const path = `${jobPath(projectId, id)}/retry`;
    const answer = await this.#call(path, {});
    if (answer.status === 201) return jsonOf<Job>(answer).id;
    const successor = (await this.job(projectId, id))?.retried_as;
    if (answer.status !== 403 || successor === undefined) throw unexpected(path, answer);
    return successor;
  }

  /** A GET, or a POST of `body`, if nothing else is said; again after a 5xx and when the connection breaks before the end of the answer. */
  async #call(
    path: string,
    body: object | null = null,
    headers: Record<string, string> = {},
    onBytes: (soFar: Buffer) => void = () => {},
    method = body === null ? "GET" : "POST",
  ): Promise<Answer> {
    const init = {
      method,
      headers: {
        "PRIVATE-TOKEN": DEVELOPMENT_SECRETS.ADMIN_TOKEN,
        "Content-Type": "application/json",
        ...headers,
      },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
    };
    for (;;) {
      const answer = await this.#answer(path, init, onBytes).catch(() => null);
      if (answer !== null && answer.status < 500) return answer;
      await delay(RETRY_MS);
    }
  }

  async #answer(path: string, init: RequestInit, onBytes: (soFar: Buffer) => void): Promise<Answer> {
    const response = await this.#fetch(path, init);
    const pieces: Uint8Array[] = [];
    for await (const piece of response.body ?? []) {
      pieces.push(piece);
      onBytes(certainBytes(Buffer.concat(pieces)));
    }
    return { status: response.status, headers: response.headers, bytes: Buffer.concat(pieces) };
  }
}

const jobPath = (projectId: number, id: number): string => `/api/v4/projects/${projectId}/jobs/${id}`;
