/** Our server as its runners and consumers use it, in the fewest calls. */
import { DEVELOPMENT_SECRETS } from "../../scripts/local-settings.ts";
import type { BuildKey } from "../tools/clients/runner-wire.ts";
import { LEGACY } from "./dialect.ts";
import type { Dialect } from "./dialect.ts";
import { Connection } from "./http.ts";
import type { Answer, Call } from "./http.ts";

const ADMIN = { "Content-Type": "application/json", "PRIVATE-TOKEN": DEVELOPMENT_SECRETS.ADMIN_TOKEN };

const parsed = <T>(answer: Answer): T => JSON.parse(answer.body.toString()) as T;

export class Coordinator {
  readonly #url: string;
  readonly #connection: Connection;

  constructor(url: string) {
    this.#url = url;
    this.#connection = new Connection(url);
  }

  /** A project with a runner of its own. */
  async project(name: string, dialect = LEGACY): Promise<BenchProject> {
    const made = await this.#connection.expect(201, {
      method: "POST",
      path: "/api/v4/projects",
      headers: ADMIN,
      body: JSON.stringify({ name, path: name }),
    });
    const project = parsed<{ id: number; runners_token: string }>(made);
    const runnerToken = await register(this.#connection, project.runners_token, dialect);
    return new BenchProject(this.#url, project.id, { dialect, runnerToken, runnersToken: project.runners_token });
  }
}

const register = async (connection: Connection, registrationToken: string, dialect: Dialect): Promise<string> =>
  parsed<{ token: string }>(await connection.expect(201, dialect.register(registrationToken, "bench"))).token;

interface RunnerSide {
  readonly dialect: Dialect;
  readonly runnerToken: string;
  /** Registers more of them. */
  readonly runnersToken: string;
}

export class BenchProject {
  readonly id: number;
  readonly dialect: Dialect;
  readonly #url: string;
  readonly #runner: RunnerSide;

  constructor(url: string, id: number, runner: RunnerSide) {
    this.#url = url;
    this.id = id;
    this.dialect = runner.dialect;
    this.#runner = runner;
  }

  /** The same project with a runner more, which the answer has for its own. */
  async another(connection: Connection): Promise<BenchProject> {
    const runnerToken = await register(connection, this.#runner.runnersToken, this.dialect);
    return new BenchProject(this.#url, this.id, { ...this.#runner, runnerToken });
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
  async claim(connection: Connection): Promise<BuildKey> {
    return buildIn(await connection.expect(201, this.pollCall()));
  }

  /** A poll, and the runner's word that it runs what it got. */
  async begin(connection: Connection): Promise<BuildKey> {
    const build = await this.claim(connection);
    await this.confirm(connection, build);
    return build;
  }

  async confirm(connection: Connection, build: BuildKey): Promise<void> {
    await connection.expect(200, this.dialect.begin(this.#runner.runnerToken, build));
  }

  /** `cursor`: of an earlier answer without work; the poll is held then. */
  pollCall(cursor: string | null = null): Call {
    return this.dialect.poll(this.#runner.runnerToken, cursor);
  }

  async succeed(connection: Connection, build: BuildKey): Promise<void> {
    await connection.expect(200, this.dialect.succeed(this.#runner.runnerToken, build));
  }
}

/** Of an answer to a poll. */
export const buildIn = (answer: Answer): BuildKey => parsed<BuildKey>(answer);

/** Of an answer without work. */
export const cursorIn = ({ headers }: Answer): string => String(headers["x-gitlab-last-update"]);
