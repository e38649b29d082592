/** Runs a build's commands in a shell of their own process group. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LegacyVariable } from "../clients/legacy-build.ts";

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Every line is shown, in green and after a `$`, before it runs; both outputs are one stream, in their order. */
export const shellScript = (commands: string): string => {
  const lines = commands.split("\n").filter((line) => line.trim() !== "");
  const echoed = lines.map((line) => `printf '%s\\n' ${quoted(`\x1b[32;1m$ ${line}\x1b[0;m`)}\n${line}`);
  return ["exec 2>&1", ...echoed, ""].join("\n");
};

/** The environment of a build; the values of file variables are written into `folder`. */
export const buildEnvironment = async (
  variables: readonly LegacyVariable[],
  projectDir: string,
  folder: string,
): Promise<Record<string, string>> => {
  await mkdir(folder, { recursive: true });
  const environment: Record<string, string> = { PATH: process.env["PATH"] ?? "", CI_PROJECT_DIR: projectDir };
  for (const { key, value, file } of variables) {
    environment[key] = value;
    if (file !== true) continue;
    environment[key] = join(folder, key);
    await writeFile(environment[key], value, { mode: 0o600 });
  }
  return environment;
};

export interface ShellRun {
  /** The exit code, or the name of the signal that ended the script. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Ends the script and all that it started. */
  kill(): void;
}

/** Starts `sh -e` on the script file `path` in `cwd`; what it prints goes to `write`. */
export const runShell = (
  path: string,
  options: { cwd: string; env: Record<string, string>; write: (bytes: Uint8Array) => void },
): ShellRun => {
  const { cwd, env, write } = options;
  const child = spawn("sh", ["-e", path], { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const kill = (): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // All of it has ended.
    }
  };
  // First of all, before others remove the folder that the script runs in.
  process.prependListener("exit", kill);
  child.stdout.on("data", write);
  child.stderr.on("data", write);
  // What a script leaves running in the background would hold the output open.
  child.on("exit", kill);
  const ended = once(child, "close").then(([code, signal]: (number | NodeJS.Signals | null)[]) => {
    process.off("exit", kill);
    return code ?? signal ?? 1;
  });
  return { ended, kill };
};
