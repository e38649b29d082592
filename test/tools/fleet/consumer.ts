/** A simulated consumer of one project: makes jobs, follows some, cancels some, retries some. */
import { setTimeout as delay } from "node:timers/promises";
import type { ConsumerClient } from "./consumer-client.ts";
import { isFinal, type Ledger } from "./ledger.ts";
import { attemptOfLog, logOf, planOf, type Mix } from "./workload.ts";

const LOOK_EVERY_MS = 20;
/** One of so many creations is repeated although it was answered. */
const REPEAT_ONE_OF = 10;

export interface ConsumerParts {
  readonly projectId: number;
  readonly client: ConsumerClient;
  readonly ledger: Ledger;
  readonly mix: Mix;
  /** Shall there be another build now? */
  readonly wantsMore: () => boolean;
  /** Brackets a creation: called before it is sent, and what that returned when it is answered. */
  readonly onCreate: () => (buildId: number) => void;
}

export class Consumer {
  readonly #parts: ConsumerParts;
  readonly #attending = new Set<Promise<void>>();
  #isLeaving = false;
  #created = 0;

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
  }

  /** Makes jobs until `leave`, then sees those that it attends to to their ends. */
  async run(): Promise<void> {
    while (!this.#isLeaving) {
      if (this.#parts.wantsMore()) await this.#create();
      else await delay(LOOK_EVERY_MS);
    }
    while (this.#attending.size > 0) await Promise.all(this.#attending);
  }

  leave(): void {
    this.#isLeaving = true;
  }

  async #create(): Promise<void> {
    const { projectId, client, ledger, onCreate } = this.#parts;
    const key = `${projectId}-${this.#created++}`;
    const created = onCreate();
    const { id } = await client.createJob(projectId, key);
    ledger.enqueued(projectId, key, id);
    created(id);
    if (this.#created % REPEAT_ONE_OF === 0) {
      ledger.enqueued(projectId, key, (await client.createJob(projectId, key)).id);
    }
    this.#attend(id);
  }

  #attend(id: number): void {
    const { ledger, mix } = this.#parts;
    const plan = planOf(id, mix);
    const tasks = [
      ...(plan.cancelAfterMs === null ? [] : [this.#cancel(id, plan.cancelAfterMs)]),
      ...(plan.followed || plan.retried
        ? [this.#follow(id).then(() => (plan.retried ? this.#retry(id) : undefined))]
        : []),
    ];
    if (tasks.length === 0) return;
    const attended = Promise.all(tasks)
      .catch((error: unknown) => void ledger.wrong.add(`build ${id}: ${String(error)}`))
      .then(() => void this.#attending.delete(attended));
    this.#attending.add(attended);
  }

  async #cancel(id: number, afterMs: number): Promise<void> {
    const { projectId, client, ledger } = this.#parts;
    await delay(afterMs);
    const { status } = await client.cancel(projectId, id);
    if (isFinal(status)) ledger.ended(id, status);
    else ledger.wrong.add(`build ${id}: canceled, and ${status}`);
  }

  /** What a follower is shown is the log's beginning at any time, and all of it when the server says that it ends. */
  async #follow(id: number): Promise<void> {
    const { projectId, client, ledger } = this.#parts;
    let log = Buffer.alloc(0);
    const followed = await client.follow(projectId, id, (soFar) => {
      if (log.length === 0) log = logOf(id, attemptOfLog(soFar) ?? 0);
      if (!log.subarray(0, soFar.length).equals(soFar))
        ledger.lost.add(`build ${id}: a follower was shown another log`);
    });
    const job = await client.job(projectId, id);
    if (job === null || !isFinal(job.status)) throw new Error(`its follower was let go while it is ${job?.status}`);
    ledger.ended(id, job.status);
    if (!(await client.trace(projectId, id)).equals(followed)) throw new Error("its follower missed a part of the log");
  }

  async #retry(id: number): Promise<void> {
    const { projectId, client, ledger } = this.#parts;
    const successor = await client.retry(projectId, id);
    ledger.enqueued(projectId, `retry of ${id}`, successor);
    this.#attend(successor);
  }
}
