/** A real server process for tests and the demo: `scripts/start.ts` in a process group of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { SETTING_NAMES } from "../../../scripts/local-settings.ts";
import { killGroup, residentBytes, waitUntilGone } from "./process-group.ts";

const START_SCRIPT = resolve(import.meta.dirname, "../../../scripts/start.ts");
/** A loaded machine with two cores needs several seconds for what takes one and a half on an idle one. */
const START_LIMIT_MS = 45_000;
const LOOK_EVERY_MS = 50;

export interface ServerOptions {
  /** Kept by `kill`, so that the next server can be started on it; a new temporary folder by default. */
  readonly stateDir?: string;
  /** Settings of the Worker; those of the caller's own environment don't count. The secrets are the fixed ones unless it says. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunningServer {
  readonly url: string;
  readonly stateDir: string;
  /** Resident memory of its workerd, in bytes. */
  memoryBytes(): Promise<number>;
  /** SIGKILL to the whole group; resolves when no process of it runs any more. */
  kill(): Promise<void>;
  /** Kills and removes the state. */
  stop(): Promise<void>;
}

/** A port that was free a moment ago. */
export const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  await new Promise((closed) => probe.close(closed));
  return port;
};

const environment = (port: number, stateDir: string, settings: Readonly<Record<string, string>>) => {
  const inherited = { ...process.env };
  for (const name of SETTING_NAMES) delete inherited[name];
  return { ...inherited, SIGNALBOX_DEV_SECRETS: "1", ...settings, PORT: `${port}`, STATE_DIR: stateDir };
};

const isHealthy = async (url: string): Promise<boolean> => {
  try {
    const response = await fetch(`${url}/-/health`, { signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
};

/** Resolves when `GET /-/health` answers 200; throws with what the server printed when it ends or takes too long. */
const waitUntilHealthy = async (url: string, child: ChildProcess): Promise<void> => {
  let output = "";
  child.stdout?.on("data", (text: Buffer) => (output += text.toString()));
  child.stderr?.on("data", (text: Buffer) => (output += text.toString()));
  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await isHealthy(url))) {
    const ended = child.exitCode !== null || child.signalCode !== null;
    if (ended) throw new Error(`the server ended before it served:\n${output}`);
    if (Date.now() > deadline) throw new Error(`the server does not answer ${url}/-/health with 200:\n${output}`);
    await delay(LOOK_EVERY_MS);
  }
};

/** Between the look for a port and its use a busy machine may give it to a connection of somebody else's. */
const MAX_PORTS = 3;

/** Starts a server on a free port of 127.0.0.1. Throws when it doesn't serve; then nothing of it stays. */
export const startServer = async (options: ServerOptions = {}): Promise<RunningServer> => {
  for (let tries = 1; ; tries++) {
    try {
      return await startOn(await freePort(), options);
    } catch (error) {
      if (tries === MAX_PORTS || !String(error).includes("Address already in use")) throw error;
    }
  }
};

const startOn = async (port: number, options: ServerOptions): Promise<RunningServer> => {
  const stateDir = options.stateDir ?? (await mkdtemp(join(tmpdir(), "signalbox-")));
  const child = spawn(process.execPath, [START_SCRIPT], {
    detached: true,
    env: environment(port, stateDir, options.env ?? {}),
    // The channel tells the server when this process dies without a word.
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  await once(child, "spawn");
  const group = child.pid as number;
  const onExit = () => {
    killGroup(group);
    if (options.stateDir === undefined) rmSync(stateDir, { recursive: true, force: true });
  };
  process.on("exit", onExit);
  const kill = async (): Promise<void> => {
    killGroup(group);
    await waitUntilGone(group);
    process.off("exit", onExit);
  };
  const stop = async (): Promise<void> => {
    await kill();
    await rm(stateDir, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await waitUntilHealthy(url, child);
  } catch (error) {
    await (options.stateDir === undefined ? stop() : kill());
    throw error;
  }
  return { url, stateDir, memoryBytes: () => residentBytes(group, "workerd"), kill, stop };
};
