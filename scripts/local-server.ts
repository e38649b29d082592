/**
 * The Worker on this machine, served by workerd itself. `wrangler dev` puts a proxy in front of it that ends the whole
 * process when a client vanishes in the middle of an upload, and hands on a chunked body that broke off as a whole one.
 */
import { spawn } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type WorkerdStructuredLog } from "miniflare";

export interface LocalServer {
  readonly url: string;
  /** Ends workerd; what was answered is on disk. To be called once. */
  stop(): Promise<void>;
}

export interface LocalServerOptions {
  /** A free port of 127.0.0.1. */
  readonly port: number;
  /** Where state and the bundle are kept; one server at a time. */
  readonly stateDir: string;
  /** Secrets and settings; they win over wrangler.toml's `[vars]` and over a `.dev.vars`. */
  readonly vars: Readonly<Record<string, string>>;
  /** The Worker's wrangler.toml; this project's own by default. */
  readonly config?: string;
  /** Where the Worker's own log lines go; this process's stdout and stderr by default. */
  readonly log?: (line: WorkerdStructuredLog) => void;
}

const HOST = "127.0.0.1";
const PROJECT_DIR = dirname(import.meta.dirname);
export const CONFIG = join(PROJECT_DIR, "wrangler.toml");
/** The main module of the package is the command as well; its `bin` only starts another Node with this. */
const WRANGLER = fileURLToPath(import.meta.resolve("wrangler"));

// Wrangler reads these when it is called, here and in the process that bundles: nothing is sent out or left in $HOME.
process.env["WRANGLER_SEND_METRICS"] = "false";
process.env["WRANGLER_HIDE_BANNER"] = "true";
process.env["WRANGLER_WRITE_LOGS"] = "false";

/** Bundles exactly as a deployment does; wrangler says on stderr what is wrong with the source. */
export const bundle = async (config: string, outDir: string): Promise<string> => {
  const options = ["deploy", "--dry-run", "--config", config, "--outdir", outDir];
  const wrangler = spawn(process.execPath, [WRANGLER, ...options], {
    cwd: PROJECT_DIR,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, WRANGLER_LOG: "warn", XDG_CONFIG_HOME: join(outDir, "config") },
  });
  const [code] = (await once(wrangler, "exit")) as [number | null];
  if (code !== 0) throw new Error("wrangler could not bundle the Worker");
  return join(outDir, "index.js");
};

/**
 * workerd outlives a parent that dies by SIGKILL, and keeps the port. A shell sees the end of this process as the end of
 * its input and kills the last workerd that it was told of (Miniflare starts a new one when one crashes).
 */
const guardWorkerd = (): { release: () => void } => {
  const script = 'while read -r pid; do workerd=$pid; done; [ -z "$workerd" ] || kill -9 "$workerd"';
  const shell = spawn("sh", ["-c", script], { stdio: ["pipe", "ignore", "ignore"] });
  shell.on("error", () => {});
  shell.stdin.on("error", () => {});
  shell.unref();
  const onChild = (message: unknown): void => {
    const { process: child } = message as { process: ReturnType<typeof spawn> };
    child.once("spawn", () => {
      if (child.spawnargs.includes("--control-fd=3")) shell.stdin.write(`${child.pid}\n`);
    });
  };
  subscribe("child_process", onChild);
  const release = (): void => {
    unsubscribe("child_process", onChild);
    shell.kill();
  };
  return { release };
};

const print = ({ level, message }: WorkerdStructuredLog): void => {
  const stream = level === "error" || level === "warn" ? process.stderr : process.stdout;
  stream.write(`${message}\n`);
};

const miniflareOptions = async (options: LocalServerOptions) => {
  const { config: configPath = CONFIG, stateDir } = options;
  // Loading wrangler takes as long as bundling: both at once.
  const [script, wrangler] = await Promise.all([bundle(configPath, join(stateDir, "bundle")), import("wrangler")]);
  const config = wrangler.unstable_readConfig({ config: configPath });
  const { workerOptions } = wrangler.unstable_getMiniflareWorkerOptions(config);
  const converted = convertV4MiniflareOptions({
    host: HOST,
    cf: false,
    log: new Log(LogLevel.WARN),
    handleStructuredLogs: options.log ?? print,
    workers: [
      {
        ...workerOptions,
        name: config.name ?? "worker",
        bindings: { ...(workerOptions["bindings"] as object), ...options.vars },
        modulesRoot: dirname(script),
        modules: [{ type: "ESModule", path: script, contents: await readFile(script, "utf8") }],
        // Miniflare's own entry, on another port, shows stacks to clients, compresses, and halves the throughput.
        unsafeDirectSockets: [{ host: HOST, port: options.port }],
      },
    ],
  });
  // The folder in which `wrangler dev --persist-to` keeps the same state.
  return { ...converted, resourcePersistencePath: join(stateDir, "v3") };
};

/**
 * Serves src/index.ts on 127.0.0.1; resolves when it takes requests, after about two seconds. Throws when the source
 * doesn't bundle or the port is taken; then nothing stays behind. Works offline; everything stays in the process group.
 * Miniflare ends this process at SIGINT and SIGTERM (130, 143), workerd with it, and starts a workerd that crashed anew.
 */
export const startLocalServer = async (options: LocalServerOptions): Promise<LocalServer> => {
  const settings = await miniflareOptions({ ...options, stateDir: resolve(options.stateDir) });
  const guard = guardWorkerd();
  const miniflare = new Miniflare(settings);
  const stop = async (): Promise<void> => {
    await miniflare.dispose();
    guard.release();
  };
  try {
    await miniflare.ready;
    return { url: (await miniflare.unsafeGetDirectURL()).origin, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
