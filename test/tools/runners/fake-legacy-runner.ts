/** A scenario's runner that speaks as gitlab-ci-multi-runner 1.11.5. */
import { downloaded, Logs, runnerIdOf, wordOfUpload } from "./fake-runner.ts";
import type { Asked, FakeRunner, Word, Work } from "./fake-runner.ts";
import type { LegacyBuild } from "../clients/legacy-build.ts";
import type { LegacyClient, TraceAnswer } from "../clients/legacy-client.ts";
import type { Archive, BuildKey } from "../clients/runner-wire.ts";

const workOf = (build: LegacyBuild): Work => ({
  id: build.id,
  token: build.token,
  name: build.name,
  script: (build.commands ?? "").split("\n"),
  variables: build.variables,
  dependencies: build.depends_on_builds.map(({ id, name, token, artifacts_file: archive = null }) => ({
    id,
    name,
    token,
    archive,
  })),
});

/** A patch to a build that has ended is answered with 202 and says how it ended. */
const wordOfPatch = ({ status, buildStatus, length }: TraceAnswer): Word => {
  if (status >= 500) return "try again";
  if (status === 416) return `resend from ${length ?? 0}`;
  return status === 202 && buildStatus === "running" ? "ok" : "stop";
};

const wordOfReport = (status: number): Word => (status === 200 ? "ok" : status >= 500 ? "try again" : "stop");

export class FakeLegacyRunner implements FakeRunner {
  readonly id: number;
  readonly #client: LegacyClient;
  readonly #logs = new Logs();

  constructor(client: LegacyClient) {
    this.#client = client;
    this.id = runnerIdOf(client.token);
  }

  get token(): string {
    return this.#client.token;
  }

  async poll(): Promise<Asked> {
    const answer = await this.#client.poll();
    if (answer.kind === "build") return { kind: "work", work: workOf(answer.build) };
    return { kind: answer.kind };
  }

  async begin({ id }: BuildKey): Promise<Word> {
    return wordOfReport(await this.#client.update(id, "running"));
  }

  async append(work: BuildKey, text: string): Promise<Word> {
    const log = this.#logs.of(work);
    log.print(text);
    const answer = await this.#client.appendTrace(work, log.sent, log.unsent);
    return log.heard(wordOfPatch(answer), answer.length);
  }

  /** A patch of nothing. */
  async keepAlive(work: BuildKey): Promise<Word> {
    return wordOfPatch(await this.#client.appendTrace(work, this.#logs.of(work).sent, new Uint8Array()));
  }

  /** The last report carries the whole log. */
  async finish(work: BuildKey, end: "success" | "failed", lastWords = ""): Promise<Word> {
    this.#logs.of(work).print(lastWords);
    return this.repeat(work, end);
  }

  async repeat(work: BuildKey, end: "success" | "failed"): Promise<Word> {
    const log = new TextDecoder().decode(this.#logs.of(work).bytes);
    return wordOfReport(await this.#client.update(work.id, end, log));
  }

  async upload(work: BuildKey, archive: Archive): Promise<"ok" | "refused" | "try again"> {
    return wordOfUpload(await this.#client.uploadArtifacts(work, archive));
  }

  async download(file: BuildKey): Promise<Uint8Array | "refused" | "nothing"> {
    return downloaded(await this.#client.downloadArtifacts(file));
  }

  async unregister(): Promise<"ok" | "refused"> {
    return (await this.#client.unregister()) === 200 ? "ok" : "refused";
  }
}
