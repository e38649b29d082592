/**
 * The end of runners and of their machines: they are forgotten, and what they hold is lost to them at once, not when
 * somebody notices the silence. The builds are told by the outbox.
 */
import { accept } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import { FIRST_RETRY_MS, Outbox } from "../storage/outbox.ts";
import { OutboxTable } from "../storage/outbox-table.ts";
import type { Sql } from "../storage/sql.ts";
import { buildStub } from "../stubs.ts";
import type { Machines } from "./machines.ts";
import type { RunnerStore } from "./runner-store.ts";
import type { Runners, RunnerToken } from "./runners.ts";
import type { QueuedRow } from "./schema.ts";
import type { QueueStore } from "./store.ts";

export interface RunnerRemovalParts {
  readonly env: Env;
  readonly sql: Sql;
  readonly store: QueueStore;
  readonly runners: Runners;
  readonly runnerStore: RunnerStore;
  readonly machines: Machines;
  readonly arm: () => void;
}

interface Message {
  readonly buildId: number;
  readonly lostRunner: number;
  /** One machine of the runner, or null for all of it; messages from before there were machines don't say. */
  readonly lostManager?: number | null;
}

export class RunnerRemoval {
  readonly #parts: RunnerRemovalParts;
  readonly outbox: Outbox<Message>;

  constructor(parts: RunnerRemovalParts) {
    this.#parts = parts;
    this.outbox = new Outbox({
      store: new OutboxTable<Message>(parts.sql),
      send: async (_destination, { buildId, lostRunner, lostManager }) => {
        await buildStub(parts.env, buildId).loseRunner(lostRunner, lostManager ?? null);
        return "done";
      },
    });
  }

  /** With `epoch` null the caller is a consumer. Errors: `not_found` to a consumer, `forbidden`, `stale_token`. */
  removeRunner(id: number, epoch: number | null): Outcome<null> {
    const { sql, store, runners, runnerStore, machines } = this.#parts;
    const runner = runners.find(id, epoch);
    if (!runner.ok) return runner;
    const held = store.heldBy(id, null);
    sql.transaction(() => {
      runnerStore.remove(id);
      store.removeRunner(id);
      this.#putLosses(held, id, null);
    });
    runners.removed(id);
    machines.runnerRemoved(id);
    this.#tell(held);
    return accept(null);
  }

  /** Errors: `forbidden`, `stale_token`, `not_found` machine. */
  removeMachine(token: RunnerToken, systemId: string): Outcome<null> {
    const { sql, store, runners, machines } = this.#parts;
    const runner = runners.authenticate(token.id, token.epoch);
    if (!runner.ok) return runner;
    let held: QueuedRow[] = [];
    const removed = sql.transaction(() => {
      const machine = machines.remove(token.id, systemId);
      if (!machine.ok) return machine;
      held = store.heldBy(token.id, machine.value.id);
      this.#putLosses(held, token.id, machine.value.id);
      return machine;
    });
    if (!removed.ok) return removed;
    machines.removed(removed.value);
    this.#tell(held);
    return accept(null);
  }

  /** The row's revision grows each time that its build changes hands: the next loss of this build is another message. */
  #putLosses(held: readonly QueuedRow[], lostRunner: number, lostManager: number | null): void {
    const retryAtMs = Date.now() + FIRST_RETRY_MS;
    for (const { build_id: buildId, revision } of held) {
      this.outbox.put(String(buildId), revision, { buildId, lostRunner, lostManager }, retryAtMs);
    }
  }

  #tell(held: readonly QueuedRow[]): void {
    this.#parts.arm();
    for (const row of held) void this.outbox.deliver(String(row.build_id)).then(() => this.#parts.arm());
  }
}
