/**
 * `npm start`: the Worker on this machine, with local storage and secrets of its own.
 *
 * Environment: `PORT` (8787), `STATE_DIR` (`.signalbox`) and every setting of the README's table. A variable that is set,
 * even to nothing, is taken as it is. Nothing here leaves the process group, so that a SIGKILL of the group ends everything.
 */
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, resolve } from "node:path";
import { startLocalServer } from "./local-server.ts";
import { ownSecrets, secretsFile } from "./local-secrets.ts";
import type { SecretName, Secrets } from "./local-secrets.ts";
import { DEVELOPMENT_SECRETS, SETTING_NAMES } from "./local-settings.ts";
import { lockState } from "./state-lock.ts";

const HOST = "127.0.0.1";
const PROJECT_DIR = dirname(import.meta.dirname);

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

/** workerd's own message about a port that is taken is a stack. */
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

const areSecretsFixed = (): boolean => {
  const text = process.env["SIGNALBOX_DEV_SECRETS"] ?? "";
  if (["", "0", "1"].includes(text)) return text === "1";
  return refuse(`SIGNALBOX_DEV_SECRETS must be 1 or 0, not "${text}"`);
};

const readSecrets = (stateDir: string): Secrets => {
  try {
    return ownSecrets(stateDir, process.env["TOKEN_SECRET"] !== undefined);
  } catch (error) {
    return refuse(`the secrets in ${secretsFile(stateDir)} can't be used: ${String(error)}`);
  }
};

const settings = (secrets: Secrets): Record<string, string> => {
  const given = SETTING_NAMES.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  });
  // Set, even to nothing, it makes the Worker look at the Host of each request.
  return { ALLOWED_HOSTS: "", ...secrets, ...Object.fromEntries(given) };
};

const whose = (secrets: Secrets, name: SecretName): string =>
  process.env[name] === undefined ? secrets[name] : `from ${name} in the environment`;

const printWarnings = (stateDir: string, secrets: Secrets, isFixed: boolean): void => {
  if (isFixed) {
    console.warn(
      "signalbox: SIGNALBOX_DEV_SECRETS=1: the secrets are public, any program or web page here may know them",
    );
  } else if (process.env["TOKEN_SECRET"] === undefined && secrets.TOKEN_SECRET === DEVELOPMENT_SECRETS.TOKEN_SECRET) {
    console.warn(
      `signalbox: this state was made with a public TOKEN_SECRET, so others can make tokens for it. To change that, delete ` +
        `the line TOKEN_SECRET in ${secretsFile(stateDir)} and start again; runners must register again then.`,
    );
  }
};

const port = readPort();
const stateDir = resolve(PROJECT_DIR, process.env["STATE_DIR"] || ".signalbox");
try {
  mkdirSync(stateDir, { recursive: true });
} catch (error) {
  refuse(`STATE_DIR can't be used: ${String(error)}`);
}
await checkPort(port);
if (!(await lockState(stateDir)))
  refuse(`another server works on ${stateDir}; choose another one: STATE_DIR=… npm start`);

// Miniflare ends this process and workerd with it at SIGINT and SIGTERM; these two are the other ways to be left alone.
const stop = (): void => void process.kill(process.pid, "SIGTERM");
// A program that started this one with a channel (test/tools/server/server.ts) takes the server along, however it dies.
process.on("disconnect", stop);
// npm that is killed says nothing to what it has started.
if (process.env["npm_lifecycle_event"] === "start") {
  const npm = process.ppid;
  setInterval(() => {
    if (process.ppid !== npm) stop();
  }, 500).unref();
}

const isFixed = areSecretsFixed();
const secrets = isFixed ? DEVELOPMENT_SECRETS : readSecrets(stateDir);
const { url } = await startLocalServer({ port, stateDir, vars: settings(secrets) });
const health = await fetch(`${url}/-/health`);
const answer = await health.text();
printWarnings(stateDir, secrets, isFixed);
if (health.ok) {
  console.log(`Signalbox is at http://localhost:${port}, its state in ${stateDir}. Stop it with Ctrl+C.`);
  console.log(`  consumer API:       PRIVATE-TOKEN: ${whose(secrets, "ADMIN_TOKEN")}`);
  console.log(`  runners register:   ${whose(secrets, "REGISTRATION_TOKEN")}`);
} else {
  console.error(`signalbox: http://localhost:${port} answers, but does not work: ${health.status} ${answer}`);
}
