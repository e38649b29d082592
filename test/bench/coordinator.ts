/** Our server as its runners and consumers use it, in the fewest calls. */
import { DEVELOPMENT_SECRETS } from "../../scripts/local-settings.ts";
import { Connection } from "./http.ts";
import type { Answer } from "./http.ts";

export interface BenchBuild {
  readonly id: number;
  readonly token: string;
}

const JSON_HEADERS = { "Content-Type": "application/json" };
const ADMIN = { ...JSON_HEADERS, "PRIVATE-TOKEN": DEVELOPMENT_SECRETS.ADMIN_TOKEN };

const parsed = <T>(answer: Answer): T => JSON.parse(answer.body.toString()) as T;

export class Coordinator {
  readonly #url: string;
  readonly #connection: Connection;

  constructor(url: string) {
    this.#url = url;
    this.#connection = new Connection(url);
  }

  /** A project with a runner of its own. */
  async project(name: string): Promise<BenchProject> {
    const made = await this.#connection.expect(201, {
      method: "POST",
      path: "/api/v4/projects",
      headers: ADMIN,
      body: JSON.stringify({ name, path: name }),
    });
    const project = parsed<{ id: number; runners_token: string }>(made);
    const registered = await this.#connection.expect(201, {
      method: "POST",
      path: "/ci/api/v1/runners/register.json",
      headers: JSON_HEADERS,
      body: JSON.stringify({ token: project.runners_token, description: name }),
    });
    return new BenchProject(this.#url, project.id, parsed<{ token: string }>(registered).token);
  }
}

export class BenchProject {
  readonly id: number;
  readonly #url: string;
  readonly #runnerToken: string;

  constructor(url: string, id: number, runnerToken: string) {
    this.#url = url;
    this.id = id;
    this.#runnerToken = runnerToken;
  }

  /** Makes `count` pending builds, some at a time. */
  async enqueue(count: number, lanes = 8): Promise<void> {
    const connections = Array.from({ length: Math.min(lanes, count) }, () => new Connection(this.#url));
    let left = count;
    await Promise.all(
      connections.map(async (connection) => {
        while (left-- > 0) await this.enqueueOne(connection);
      }),
    );
    for (const connection of connections) connection.close();
  }

  async enqueueOne(connection: Connection): Promise<number> {
    const made = await connection.expect(201, {
      method: "POST",
      path: `/api/v4/projects/${this.id}/jobs`,
      headers: ADMIN,
      body: JSON.stringify({ name: "bench", script: ["make"], timeout: 86_400 }),
    });
    return parsed<{ id: number }>(made).id;
  }

  /** A poll; throws when there is nothing. */
  async claim(connection: Connection): Promise<BenchBuild> {
    return parsed<BenchBuild>(await connection.expect(201, this.pollCall()));
  }

  /** `cursor`: of an earlier answer without work; the poll is held then. */
  pollCall(cursor: string | null = null) {
    const body = { token: this.#runnerToken, ...(cursor === null ? {} : { last_update: cursor }) };
    return {
      method: "POST",
      path: "/ci/api/v1/builds/register.json",
      headers: { ...JSON_HEADERS, "User-Agent": "gitlab-ci-multi-runner 1.11.5 (HEAD; go1.19.8; linux/amd64)" },
      body: JSON.stringify(body),
    };
  }

  async succeed(connection: Connection, build: BenchBuild): Promise<void> {
    await connection.expect(200, {
      method: "PUT",
      path: `/ci/api/v1/builds/${build.id}.json`,
      headers: JSON_HEADERS,
      body: JSON.stringify({ token: this.#runnerToken, state: "success" }),
    });
  }
}

/** One patch of `bytes` at `offset`. */
export const patchCall = (build: BenchBuild, offset: number, bytes: Uint8Array) => ({
  method: "PATCH",
  path: `/ci/api/v1/builds/${build.id}/trace.txt`,
  headers: {
    "BUILD-TOKEN": build.token,
    "Content-Range": `${offset}-${offset + bytes.length}`,
    "Content-Type": "text/plain",
  },
  body: bytes,
});
