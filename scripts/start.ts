/**
 * `npm start`: the Worker on this machine, with local storage and development secrets.
 *
 * Environment: `PORT` (8787), `STATE_DIR` (`.signalbox`), every setting of the README's table, and wrangler's own
 * `WRANGLER_LOG` (`warn`; `log` adds a line per request). A variable that is set, even to nothing, is taken as it is.
 * Nothing here leaves the process group, so that a SIGKILL of the group ends everything.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { constants } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DEVELOPMENT_SECRETS, SETTING_NAMES } from "./local-settings.ts";

const HOST = "127.0.0.1";
const PROJECT_DIR = dirname(import.meta.dirname);
const WRANGLER = join(dirname(fileURLToPath(import.meta.resolve("wrangler/package.json"))), "bin", "wrangler.js");
/** Wrangler closes its storage within a second or two; one that hangs is not waited for. */
const STOP_LIMIT_MS = 10_000;

const refuse = (problem: string): never => {
  console.error(`signalbox: ${problem}`);
  process.exit(1);
};

const readPort = (): number => {
  const text = process.env["PORT"]?.trim() || "8787";
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port;
  return refuse(`PORT must be a number from 1 to 65535, not "${text}"`);
};

/** Wrangler's own message about a port that is taken is long and late. */
const checkPort = async (port: number): Promise<void> => {
  const probe = createServer().listen(port, HOST);
  try {
    await once(probe, "listening");
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
    refuse(taken ? `port ${port} is in use; choose another one: PORT=8788 npm start` : String(error));
  }
  await new Promise((closed) => probe.close(closed));
};

/** `--var` wins over `[vars]` in wrangler.toml and over a `.dev.vars`, and wrangler doesn't print the values. */
const settingArguments = (): string[] => {
  const settings: Record<string, string | undefined> = { ...DEVELOPMENT_SECRETS };
  for (const name of SETTING_NAMES) settings[name] = process.env[name] ?? settings[name];
  return Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : ["--var", `${name}:${value}`],
  );
};

const startWrangler = (port: number, stateDir: string) => {
  const options = ["--ip", HOST, "--port", `${port}`, "--persist-to", stateDir, "--inspector-port", "0"];
  return spawn(
    process.execPath,
    [WRANGLER, "dev", ...options, "--show-interactive-dev-session=false", ...settingArguments()],
    {
      cwd: PROJECT_DIR,
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        WRANGLER_LOG: "warn",
        WRANGLER_WRITE_LOGS: "false",
        ...process.env,
        CLOUDFLARE_CF_FETCH_ENABLED: "false",
        WRANGLER_SEND_METRICS: "false",
        WRANGLER_HIDE_BANNER: "true",
        XDG_CONFIG_HOME: join(stateDir, "config"),
      },
    },
  );
};

/** Waits until the server answers at all; resolves with what is wrong with it, if anything. */
const waitUntilServing = async (port: number): Promise<string | undefined> => {
  for (;;) {
    try {
      const response = await fetch(`http://${HOST}:${port}/-/health`);
      const text = await response.text();
      return response.ok ? undefined : `${response.status} ${text}`;
    } catch {
      await delay(100);
    }
  }
};

const whose = (name: keyof typeof DEVELOPMENT_SECRETS): string =>
  process.env[name] === undefined ? DEVELOPMENT_SECRETS[name] : `from ${name} in the environment`;

const port = readPort();
const stateDir = resolve(PROJECT_DIR, process.env["STATE_DIR"] || ".signalbox");
mkdirSync(stateDir, { recursive: true });
await checkPort(port);
const wrangler = startWrangler(port, stateDir);

const stop = (signal: NodeJS.Signals): void => {
  wrangler.kill(signal);
  setTimeout(() => wrangler.kill("SIGKILL"), STOP_LIMIT_MS).unref();
};
process.on("SIGINT", stop);
process.on("SIGTERM", stop);
// A program that started this one with a channel (test/support/server.ts) takes the server along, however it dies.
process.on("disconnect", () => stop("SIGTERM"));
// npm passes a signal on to the shell between it and this process; the shell dies of it and says nothing.
if (process.env["npm_lifecycle_event"] === "start") {
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    stop("SIGTERM");
  }, 500);
}
wrangler.on("exit", (code, signal) => process.exit(code ?? 128 + (signal === null ? 1 : constants.signals[signal])));

const problem = await waitUntilServing(port);
if (problem !== undefined) {
  console.error(`signalbox: http://localhost:${port} answers, but does not work: ${problem}`);
} else {
  console.log(`Signalbox is at http://localhost:${port}, its state in ${stateDir}. Stop it with Ctrl+C.`);
  console.log(`  consumer API:       PRIVATE-TOKEN: ${whose("ADMIN_TOKEN")}`);
  console.log(`  runners register:   ${whose("REGISTRATION_TOKEN")}`);
}
