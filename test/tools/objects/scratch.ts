/** A Durable Object that nobody uses, for tests of what objects are made of: its storage, and its life and death. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Sql } from "../../../src/storage/sql.ts";
import { uniqueId } from "./objects.ts";

export interface Scratch {
  readonly sql: Sql;
  readonly ctx: DurableObjectState;
}

/** Runs `body` inside an object of its own, or of the one that `name` names. */
export const inScratch = <T>(body: (scratch: Scratch) => T | Promise<T>, name = `scratch-${uniqueId()}`): Promise<T> =>
  runInDurableObject(env.METRICS.getByName(name), (_instance, ctx) => body({ sql: new Sql(ctx.storage), ctx }));
