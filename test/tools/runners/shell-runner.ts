/**
 * A small runner of the legacy dialect, written from the contract alone: it claims a build, runs its commands in a shell,
 * streams the log, hands in the artifacts and reports the end. It has no repository: every build starts in an empty folder.
 */
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { extractZip, matchingFiles, zipEntries } from "./artifact-files.ts";
import type { LegacyBuild, LegacyDependency } from "../clients/legacy-build.ts";
import { LegacyClient } from "../clients/legacy-client.ts";
import type { RunnerOptions } from "../clients/runner-wire.ts";
import { buildEnvironment, runShell, shellScript, type ShellRun } from "./shell-script.ts";
import { legacyTrace, TraceSender } from "./trace-sender.ts";
import { zipPieces } from "../zip.ts";

export interface FinishedBuild {
  readonly id: number;
  /** `canceled` also when the server took the build away from this runner. */
  readonly state: "success" | "failed" | "canceled";
}

const TRANSFER_TRIES = 3;
const TRANSFER_RETRY_MS = 1_000;
const DEFAULT_TIMEOUT_SECONDS = 7_200;

const green = (text: string): string => `\x1b[32;1m${text}\x1b[0;m\n`;
const red = (text: string): string => `\x1b[31;1m${text}\x1b[0;m\n`;

/** Up to three tries; an answer that `isFinal` takes ends them. */
const withRetries = async <T>(call: () => Promise<T>, isFinal: (answer: T) => boolean): Promise<T> => {
  for (let left = TRANSFER_TRIES - 1; ; left--) {
    const answer = await call().catch((error: unknown) => {
      if (left <= 0) throw error;
      return undefined;
    });
    if (answer !== undefined && (left <= 0 || isFinal(answer))) return answer;
    await delay(TRANSFER_RETRY_MS);
  }
};

/** One build on its way through this runner. */
class BuildRun {
  readonly #client: LegacyClient;
  readonly #build: LegacyBuild;
  readonly #folder: string;
  readonly #trace: TraceSender;
  #shell: ShellRun | undefined;

  constructor(client: LegacyClient, build: LegacyBuild, folder: string) {
    this.#client = client;
    this.#build = build;
    this.#folder = folder;
    this.#trace = new TraceSender(legacyTrace(client), build, () => this.#shell?.kill());
  }

  async run(): Promise<FinishedBuild> {
    const state = await this.#execute();
    const isTaken = await this.#trace.finish(state);
    return { id: this.#build.id, state: isTaken && !this.#trace.aborted ? state : "canceled" };
  }

  async #execute(): Promise<"success" | "failed"> {
    const { id, name } = this.#build;
    this.#trace.write(green(`Running build ${id} (${name}) with Signalbox's shell runner`));
    try {
      for (const dependency of this.#wantedDependencies()) await this.#download(dependency);
      const failure = await this.#runCommands().then(
        () => undefined,
        (error: unknown) => error,
      );
      await this.#uploadWhen(failure === undefined ? "on_success" : "on_failure");
      if (failure !== undefined) throw failure;
      this.#trace.write(green("Build succeeded"));
      return "success";
    } catch (error) {
      this.#trace.write(red(`ERROR: Build failed: ${error instanceof Error ? error.message : String(error)}`));
      return "failed";
    }
  }

  #wantedDependencies(): LegacyDependency[] {
    const wanted = this.#build.options.dependencies;
    return this.#build.depends_on_builds.filter(
      ({ name, artifacts_file: file }) => file?.filename && (wanted?.includes(name) ?? true),
    );
  }

  async #download(dependency: LegacyDependency): Promise<void> {
    this.#trace.write(green(`Downloading artifacts of ${dependency.name} (${dependency.id})...`));
    const isFinal = (answer: Uint8Array | number) => typeof answer !== "number" || answer === 403 || answer === 404;
    const answer = await withRetries(() => this.#client.downloadArtifacts(dependency), isFinal);
    if (typeof answer === "number") throw new Error(`downloading artifacts: ${answer}`);
    await extractZip(answer, this.#projectDir());
  }

  async #runCommands(): Promise<void> {
    const { commands, timeout, variables } = this.#build;
    await mkdir(this.#projectDir(), { recursive: true });
    const env = await buildEnvironment(variables, this.#projectDir(), join(this.#folder, "variables"));
    const script = join(this.#folder, "script.sh");
    await writeFile(script, shellScript(commands ?? ""));
    if (this.#trace.aborted) throw new Error("canceled");
    const shell = runShell(script, { cwd: this.#projectDir(), env, write: (bytes) => this.#trace.write(bytes) });
    this.#shell = shell;
    const seconds = timeout > 0 ? timeout : DEFAULT_TIMEOUT_SECONDS;
    let isLate = false;
    const limit = setTimeout(() => {
      isLate = true;
      shell.kill();
    }, seconds * 1_000);
    const result = await shell.ended.finally(() => clearTimeout(limit));
    if (this.#trace.aborted) throw new Error("canceled");
    if (isLate) throw new Error(`execution took longer than ${seconds} seconds`);
    if (result !== 0) throw new Error(`exit status ${result}`);
  }

  async #uploadWhen(outcome: "on_success" | "on_failure"): Promise<void> {
    const { paths = [], when = "on_success", name = "artifacts", expire_in } = this.#build.options.artifacts ?? {};
    if (this.#trace.aborted || paths.length === 0 || (when !== "always" && when !== outcome)) return;
    this.#trace.write(green("Uploading artifacts..."));
    const files = new Set<string>();
    for (const path of paths) {
      const matches = await matchingFiles(this.#projectDir(), path);
      this.#trace.write(`${path}: found ${matches.length} matching files\n`);
      for (const match of matches) files.add(match);
    }
    if (files.size === 0) return this.#trace.write(red("ERROR: No files to upload"));
    const upload = () => {
      const content = zipPieces(zipEntries(this.#projectDir(), files));
      return this.#client.uploadArtifacts(this.#build, { filename: `${name}.zip`, content, expireIn: expire_in });
    };
    const status = await withRetries(upload, (answer) => [201, 403, 413].includes(answer));
    if (status !== 201) throw new Error(`uploading artifacts: ${status}`);
  }

  #projectDir(): string {
    return join(this.#folder, "project");
  }
}

export class ShellRunner {
  readonly #client: LegacyClient;

  constructor(client: LegacyClient) {
    this.#client = client;
  }

  /** Registers a new runner. Throws with the server's words when it refuses. */
  static async register(url: string, registrationToken: string, options: RunnerOptions = {}): Promise<ShellRunner> {
    return new ShellRunner(await LegacyClient.register(url, registrationToken, options));
  }

  /**
   * Polls once and runs the build that comes, to its end. After a poll that brought nothing the server may hold the next
   * one. Throws when the server refuses the poll.
   */
  async runOne(): Promise<"nothing" | FinishedBuild> {
    const answer = await this.#client.poll();
    if (answer.kind === "refused") throw new Error(`the server refuses this runner's poll with ${answer.status}`);
    if (answer.kind === "nothing") return "nothing";
    const folder = await mkdtemp(join(tmpdir(), "signalbox-build-"));
    const remove = () => rmSync(folder, { recursive: true, force: true });
    process.on("exit", remove);
    try {
      return await new BuildRun(this.#client, answer.build, folder).run();
    } finally {
      process.off("exit", remove);
      remove();
    }
  }

  /** Removes the runner. Throws when the server doesn't. */
  async unregister(): Promise<void> {
    const status = await this.#client.unregister();
    if (status !== 200) throw new Error(`unregister: ${status}`);
  }
}
