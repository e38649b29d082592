/** Runners and consumers that keep one server busy, and the ledger of what it acknowledged to them. */
import { setTimeout as delay } from "node:timers/promises";
import { DEVELOPMENT_SECRETS } from "../../../scripts/local-settings.ts";
import { Audit } from "./audit.ts";
import { Consumer } from "./consumer.ts";
import { ConsumerClient } from "./consumer-client.ts";
import type { CrashingServer } from "./crashing-server.ts";
import { PickUps, Samples } from "./figures.ts";
import { Ledger } from "./ledger.ts";
import { SimulatedRunner } from "./runner.ts";
import { storedInR2 } from "./state.ts";
import type { Mix } from "./workload.ts";

export interface FleetOptions {
  readonly runners: number;
  readonly projects: number;
  /** Consumers make builds while fewer than so many have not ended. */
  readonly openBuilds: number;
  readonly mix: Mix;
  /** See `RunnerParts`. */
  readonly vanishOneOf: number;
}

const LOOK_EVERY_MS = 500;

export class Fleet {
  readonly ledger = new Ledger();
  readonly patchTimes = new Samples();
  readonly pickUps = new PickUps();
  readonly #server: CrashingServer;
  readonly #client: ConsumerClient;
  readonly #audit: Audit;
  readonly #runners: SimulatedRunner[] = [];
  readonly #consumers: Consumer[] = [];
  #running: Promise<unknown> = Promise.resolve();

  private constructor(server: CrashingServer, client: ConsumerClient, mix: Mix) {
    this.#server = server;
    this.#client = client;
    this.#audit = new Audit(this.ledger, client, mix);
  }

  static async start(server: CrashingServer, options: FleetOptions): Promise<Fleet> {
    const { mix, vanishOneOf } = options;
    const { fetch } = server;
    const client = new ConsumerClient(fetch);
    const fleet = new Fleet(server, client, mix);
    const { ledger, patchTimes, pickUps } = fleet;
    const onClaim = (buildId: number): void => pickUps.claimed(buildId);
    const runnerParts = { fetch, ledger, mix, vanishOneOf, patchTimes, onClaim };
    for (let n = 1; n <= options.runners; n++) {
      const token = DEVELOPMENT_SECRETS.REGISTRATION_TOKEN;
      fleet.#runners.push(await SimulatedRunner.register(n, token, runnerParts));
    }
    for (let n = 1; n <= options.projects; n++) {
      const projectId = await client.createProject(`fleet-${n}`);
      const wantsMore = (): boolean => ledger.open < options.openBuilds;
      const onCreate = () => fleet.#created();
      fleet.#consumers.push(new Consumer({ projectId, client, ledger, mix, wantsMore, onCreate }));
    }
    fleet.#running = Promise.all([...fleet.#runners, ...fleet.#consumers].map((each) => each.run()));
    return fleet;
  }

  /** Kills the server under all of them, starts it again, and looks whether it remembers what it acknowledged. */
  async crash(): Promise<void> {
    await this.#server.kill();
    await this.#server.restart();
    await this.#audit.look();
  }

  /** No more builds; waits for the ends of those that there are. After `limitMs` they are noted as wrong. */
  async drain(limitMs: number): Promise<void> {
    for (const consumer of this.#consumers) consumer.leave();
    const deadline = Date.now() + limitMs;
    while (this.ledger.open > 0 && Date.now() < deadline) {
      await delay(LOOK_EVERY_MS);
      await this.#audit.look();
    }
    if (this.ledger.open > 0) this.ledger.wrong.add(`${this.ledger.open} builds have no end after ${limitMs} ms`);
    for (const runner of this.#runners) runner.leave();
    const left = Math.max(LOOK_EVERY_MS, deadline - Date.now());
    const isOver = await Promise.race([this.#running.then(() => true), delay(left, false, { ref: false })]);
    if (!isOver) this.ledger.wrong.add("a runner or a consumer still waits for an answer");
  }

  /** The last word on every build. */
  async conclude(): Promise<void> {
    await this.#audit.conclude();
    if (this.#server.faults > 0) this.ledger.wrong.add(`${this.#server.faults} answers with 5xx`);
  }

  /**
   * Removes all projects and kills the server before it is done; `limitMs` after its restart nothing may be left in R2.
   * What is there nevertheless is noted as wrong.
   */
  async removeAll(limitMs: number): Promise<void> {
    const projectIds = new Set([...this.ledger.builds.values()].map(({ projectId }) => projectId));
    for (const id of projectIds) if (id !== null) await this.#client.removeProject(id);
    await this.#server.kill();
    await this.#server.restart();
    const deadline = Date.now() + limitMs;
    while (storedInR2(this.#server.stateDir).length > 0 && Date.now() < deadline) await delay(LOOK_EVERY_MS);
    for (const key of storedInR2(this.#server.stateDir)) this.ledger.wrong.add(`${key} is in R2 after all was removed`);
  }

  /** A pick-up counts when more runners wait than builds, and no restart comes between. */
  #created(): (buildId: number) => void {
    const sentAt = performance.now();
    const { restarts } = this.#server;
    const idle = this.#runners.filter((runner) => runner.isIdle).length;
    const waiting = this.ledger.open - (this.#runners.length - idle);
    const isFair = idle > waiting;
    return (buildId) => this.pickUps.created(buildId, isFair && restarts === this.#server.restarts ? sentAt : null);
  }
}
