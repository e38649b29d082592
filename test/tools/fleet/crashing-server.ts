/** A server that is killed under its clients and started again on the same state, each time on another port. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer, type RunningServer } from "../server/server.ts";

export class CrashingServer {
  readonly stateDir: string;
  readonly #env: Readonly<Record<string, string>>;
  #server: RunningServer;
  #restarts = 0;
  #faults = 0;

  private constructor(stateDir: string, env: Readonly<Record<string, string>>, server: RunningServer) {
    this.stateDir = stateDir;
    this.#env = env;
    this.#server = server;
  }

  /** `env`: settings of the Worker. */
  static async start(env: Readonly<Record<string, string>>): Promise<CrashingServer> {
    const stateDir = await mkdtemp(join(tmpdir(), "signalbox-"));
    try {
      return new CrashingServer(stateDir, env, await startServer({ stateDir, env }));
    } catch (error) {
      await rm(stateDir, { recursive: true, force: true });
      throw error;
    }
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** Answers with 5xx so far: a killed server gives none. */
  get faults(): number {
    return this.#faults;
  }

  /** A request of `path` at the server that runs now. Rejects while none does, and when it dies before its answer. */
  readonly fetch = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(`${this.#server.url}${path}`, init);
    if (response.status >= 500) this.#faults++;
    return response;
  };

  memoryBytes(): Promise<number> {
    return this.#server.memoryBytes();
  }

  /** SIGKILL to all of it. */
  async kill(): Promise<void> {
    await this.#server.kill();
  }

  async restart(): Promise<void> {
    this.#server = await startServer({ stateDir: this.stateDir, env: this.#env });
    this.#restarts++;
  }

  /** Kills it and removes its state. */
  async stop(): Promise<void> {
    await this.#server.kill();
    await rm(this.stateDir, { recursive: true, force: true });
  }
}
