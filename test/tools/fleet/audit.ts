/** Holds the ledger against what the server says now. */
import type { ConsumerClient, Job } from "./consumer-client.ts";
import { isFinal, type Ledger, type LedgerBuild } from "./ledger.ts";
import { archiveOf, attemptOfLog, logOf, planOf, sha256, type Mix } from "./workload.ts";

const AT_A_TIME = 16;

/** What was acknowledged of a build before the server is asked: the fleet goes on meanwhile. */
interface Acknowledged extends LedgerBuild {
  readonly projectId: number;
  /** The attempt of which a word was taken. */
  readonly living: { readonly number: number; readonly ackedBytes: number; readonly archived: boolean } | null;
}

const snapshot = (build: LedgerBuild): Acknowledged | null => {
  const { projectId } = build;
  if (projectId === null) return null;
  const living = [...build.attempts].find(([, attempt]) => attempt.alive);
  return { ...build, projectId, living: living === undefined ? null : { number: living[0], ...living[1] } };
};

export class Audit {
  readonly #ledger: Ledger;
  readonly #client: ConsumerClient;
  readonly #mix: Mix;
  /** Builds that were found right after their ends. */
  readonly #settled = new Set<number>();

  constructor(ledger: Ledger, client: ConsumerClient, mix: Mix) {
    this.#ledger = ledger;
    this.#client = client;
    this.#mix = mix;
  }

  /** Builds that may have changed since the last look. */
  async look(): Promise<void> {
    await this.#each(
      [...this.#ledger.builds.values()].filter(({ id }) => !this.#settled.has(id)),
      async (build) => {
        const hasEnded = await this.#check(build);
        if (hasEnded) this.#settled.add(build.id);
      },
    );
  }

  /** All builds, when nothing moves any more: also how they came to their ends, and that there are no others. */
  async conclude(): Promise<void> {
    const builds = [...this.#ledger.builds.values()];
    await this.#each(builds, async (build) => {
      await this.#check(build);
      await this.#checkStory(build);
    });
    const projects = Map.groupBy(builds, ({ projectId }) => projectId);
    for (const [projectId, { length }] of projects) {
      const known = projectId === null ? 0 : await this.#client.countJobs(projectId);
      if (known !== length) this.#ledger.wrong.add(`project ${projectId}: ${known} jobs, of ${length} that were made`);
    }
  }

  async #each(builds: readonly LedgerBuild[], check: (build: Acknowledged) => Promise<void>): Promise<void> {
    const queue = builds[Symbol.iterator]();
    const worker = async (): Promise<void> => {
      for (const build of queue) {
        const known = snapshot(build);
        if (known !== null) await check(known);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  }

  /** True when it has come to its end. */
  async #check(build: Acknowledged): Promise<boolean> {
    const job = await this.#client.job(build.projectId, build.id);
    if (job === null) {
      this.#ledger.lost.add(`build ${build.id}: not known any more`);
      return true;
    }
    this.#checkState(build, job);
    await this.#checkLog(build, job);
    await this.#checkArchive(build);
    return isFinal(job.status);
  }

  #checkState({ id, finalStatus, living, attempts }: Acknowledged, { status, attempt }: Job): void {
    const { lost, handedOutTwice } = this.#ledger;
    if (isFinal(status)) this.#ledger.ended(id, status);
    else if (finalStatus !== null) lost.add(`build ${id}: it had ended as ${finalStatus} and is ${status}`);
    const newest = Math.max(0, ...attempts.keys());
    if (attempt < newest) lost.add(`build ${id}: attempt ${newest} was claimed, the server knows ${attempt}`);
    if (living === null) return;
    if (status === "pending")
      lost.add(`build ${id}: the runner of attempt ${living.number} was heard, and it is pending`);
    if (attempt > living.number) {
      handedOutTwice.add(`build ${id}: attempt ${attempt}, after the runner of ${living.number} was heard`);
    }
  }

  async #checkLog({ id, projectId, living, reported }: Acknowledged, { attempt }: Job): Promise<void> {
    const { lost } = this.#ledger;
    const trace = await this.#client.trace(projectId, id);
    // A build that waited when its job was looked at may have been claimed by now, and written.
    const log = logOf(id, living?.number ?? Math.max(attempt, attemptOfLog(trace) ?? 0));
    const ackedBytes = reported ? log.length : (living?.ackedBytes ?? 0);
    if (trace.length < ackedBytes) lost.add(`build ${id}: ${ackedBytes} bytes acknowledged, ${trace.length} there`);
    if (!log.subarray(0, trace.length).equals(trace)) lost.add(`build ${id}: its log is not what was sent`);
  }

  async #checkArchive({ id, projectId, living }: Acknowledged): Promise<void> {
    if (living?.archived !== true) return;
    const bytes = await this.#client.artifacts(projectId, id);
    const expected = archiveOf(id, planOf(id, this.#mix).artifactBytes ?? 0);
    if (bytes === null) this.#ledger.lost.add(`build ${id}: its artifacts are gone`);
    else if (sha256(bytes) !== sha256(expected))
      this.#ledger.lost.add(`build ${id}: its artifacts are not what was sent`);
  }

  /** Every claim but the last was lost, and the end has a reason that the fleet gave. */
  async #checkStory({ id, projectId, living, reported }: Acknowledged): Promise<void> {
    const { wrong, handedOutTwice } = this.#ledger;
    const [job, events] = await Promise.all([this.#client.job(projectId, id), this.#client.events(projectId, id)]);
    const claims = events.get("claim") ?? 0;
    const lost = (events.get("lose_claim") ?? 0) + (events.get("release") ?? 0);
    if (job?.attempt !== claims) wrong.add(`build ${id}: attempt ${job?.attempt} after ${claims} claims`);
    if (claims > lost + 1) handedOutTwice.add(`build ${id}: ${claims} claims, of which ${lost} were lost`);
    const plan = planOf(id, this.#mix);
    const reasons: Record<string, boolean> = {
      success: reported,
      canceled: plan.cancelAfterMs !== null,
      failed:
        reported ||
        (job?.failure_reason === "scheduler_failure" && lost >= 3) ||
        (job?.failure_reason === "runner_system_failure" && plan.abandoned && living !== null),
    };
    if (job === null || reasons[job.status] !== true) {
      wrong.add(`build ${id}: ${job?.status} ${job?.failure_reason ?? ""}, which nobody caused`);
    }
  }
}
