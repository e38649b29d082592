/** A scenario's runner that speaks as gitlab-runner 14.6.0 or 19.3.0. */
import { crc32 } from "node:zlib";
import { downloaded, Logs, runnerIdOf, wordOfUpload } from "./fake-runner.ts";
import type { Asked, FakeRunner, Word, Work } from "./fake-runner.ts";
import type { ModernClient, Output, PatchAnswer, ReportAnswer } from "../clients/modern-client.ts";
import type { ModernJob } from "../clients/modern-job.ts";
import type { Archive, BuildKey } from "../clients/runner-wire.ts";

const workOf = (job: ModernJob): Work => ({
  id: job.id,
  token: job.token,
  name: job.job_info.name,
  script: job.steps.find(({ name }) => name === "script")?.script ?? [],
  variables: job.variables,
  dependencies: job.dependencies.map(({ id, name, token, artifacts_file: archive = null }) => ({
    id,
    name,
    token,
    archive,
  })),
});

/** The status header counts for more than the code. */
const wordOfStatus = (jobStatus: string | null): Word | null => {
  if (jobStatus === "canceled" || jobStatus === "failed") return "stop";
  return jobStatus === "canceling" ? "wind down" : null;
};

const wordOfPatch = ({ status, jobStatus, length }: PatchAnswer): Word => {
  if (status >= 500) return "try again";
  if (status === 416) return `resend from ${length ?? 0}`;
  return status === 202 ? (wordOfStatus(jobStatus) ?? "ok") : "stop";
};

const wordOfSign = ({ status, jobStatus }: ReportAnswer): Word => {
  if (status >= 500) return "try again";
  return status === 200 ? (wordOfStatus(jobStatus) ?? "ok") : "stop";
};

const wordOfEnd = ({ status }: ReportAnswer): Word => {
  if (status === 200) return "ok";
  if (status === 412) return "resend";
  return status === 202 || status >= 500 ? "try again" : "stop";
};

/** Of a whole log, as the final report says it. */
export const outputOf = (log: Uint8Array): Output => ({
  checksum: `crc32:${crc32(log).toString(16).padStart(8, "0")}`,
  bytesize: log.length,
});

export class FakeModernRunner implements FakeRunner {
  readonly id: number;
  readonly client: ModernClient;
  readonly #logs = new Logs();

  constructor(client: ModernClient) {
    this.client = client;
    this.id = runnerIdOf(client.token);
  }

  get token(): string {
    return this.client.token;
  }

  async poll(): Promise<Asked> {
    const answer = await this.client.poll();
    if (answer.kind === "job") return { kind: "work", work: workOf(answer.job) };
    return { kind: answer.kind };
  }

  async begin(work: BuildKey): Promise<Word> {
    if (!this.client.release.reportsAtOnce) return "ok";
    return wordOfSign(await this.client.update(work, { state: "running", output: {} }));
  }

  async append(work: BuildKey, text: string): Promise<Word> {
    const log = this.#logs.of(work);
    log.print(text);
    const answer = await this.client.appendTrace(work, log.sent, log.unsent);
    return log.heard(wordOfPatch(answer), answer.length);
  }

  /** Says what it has written so far, which may be more than it has sent. */
  async keepAlive(work: BuildKey): Promise<Word> {
    const output = outputOf(this.#logs.of(work).bytes);
    return wordOfSign(await this.client.update(work, { state: "running", output }));
  }

  /** The last report comes when all of the log was taken. */
  async finish(work: BuildKey, end: "success" | "failed", lastWords = ""): Promise<Word> {
    const log = this.#logs.of(work);
    log.print(lastWords);
    if (log.unsent.length > 0) {
      const word = await this.append(work, "");
      if (word !== "ok" && word !== "wind down") return word;
    }
    return this.repeat(work, end);
  }

  async repeat(work: BuildKey, state: "success" | "failed"): Promise<Word> {
    const output = outputOf(this.#logs.of(work).bytes);
    const why = state === "failed" ? { failure_reason: "script_failure", exit_code: 1 } : {};
    const word = wordOfEnd(await this.client.update(work, { state, output, ...why }));
    // The server has dropped all of it.
    if (word === "resend") this.#logs.of(work).sent = 0;
    return word;
  }

  async upload(work: BuildKey, archive: Archive): Promise<"ok" | "refused" | "try again"> {
    return wordOfUpload(await this.client.uploadArtifacts(work, archive));
  }

  async download(file: BuildKey): Promise<Uint8Array | "refused" | "nothing"> {
    return downloaded(await this.client.downloadArtifacts(file));
  }

  async unregister(): Promise<"ok" | "refused"> {
    return (await this.client.unregister()) === 204 ? "ok" : "refused";
  }
}
