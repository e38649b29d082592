/**
 * What no other object can know: the errors that the Worker's isolates answered, which share no memory, and the messages
 * that build and project objects, of which there are any number, could not deliver. One object per deployment, called
 * only when something goes wrong. It watches; nothing depends on it.
 */
import { DurableObject } from "cloudflare:workers";
import { LONGEST_RETRY_MS } from "../storage/outbox.ts";
import { migrate, Sql } from "../storage/sql.ts";
import { MIGRATIONS } from "./schema.ts";
import { MetricsStore } from "./store.ts";
import type { ErrorCount } from "./store.ts";

export interface Watched {
  readonly errors: readonly ErrorCount[];
  /** Undelivered messages by kind of object. */
  readonly undelivered: ReadonlyMap<string, number>;
}

/** An object reports its undelivered messages on every retry. After two missing reports it has none, or is gone. */
const UNDELIVERED_MS = 2 * LONGEST_RETRY_MS;

export class MetricsObject extends DurableObject<Env> {
  readonly #store: MetricsStore;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const sql = new Sql(ctx.storage);
    migrate(sql, MIGRATIONS);
    this.#store = new MetricsStore(sql);
  }

  /** Adds to what is counted. */
  async countErrors(counts: readonly ErrorCount[]): Promise<void> {
    this.#store.addErrors(counts);
  }

  /** An object says how many of its messages failed to be delivered; 0 when none is left. */
  async tellUndelivered(object: string, name: string, messages: number): Promise<void> {
    this.#store.putUndelivered(object, name, messages, Date.now());
  }

  async watched(): Promise<Watched> {
    this.#store.dropUndeliveredBefore(Date.now() - UNDELIVERED_MS);
    return { errors: this.#store.errors(), undelivered: this.#store.undelivered() };
  }
}
