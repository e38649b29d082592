/**
 * Counts the answers of 400 and more by route. Isolates share no memory: each collects its own, and tells the metrics
 * object every few seconds if there are any. So what goes well costs nothing, and strangers, who wake no object otherwise,
 * make at most one call per isolate and interval to this fixed one, whatever they ask and how often.
 *
 * An isolate that is taken away loses what it has not told; a call whose answer is lost is made again and counts twice.
 */
import { log } from "../log.ts";
import { waitUntil } from "cloudflare:workers";
import { createMiddleware } from "hono/factory";
import type { ErrorCount } from "../metrics/store.ts";
import { metricsStub } from "../stubs.ts";
import { routeOf } from "./route.ts";

const FLUSH_EVERY_MS = 5_000;

/** Strangers invent methods; for ours there is a fixed number of labels. */
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

export class ErrorCounts {
  #counts = new Map<string, ErrorCount>();
  #isFlushDue = false;

  add(counted: readonly ErrorCount[]): void {
    for (const each of counted) {
      const key = `${each.method} ${each.route} ${each.status}`;
      this.#counts.set(key, { ...each, count: each.count + (this.#counts.get(key)?.count ?? 0) });
    }
  }

  /** Whoever finds no flush under way has to see one through, so what is counted always has an owner. */
  async flushAfter(pause: Promise<unknown>, send: (counts: ErrorCount[]) => Promise<void>): Promise<void> {
    this.#isFlushDue = true;
    try {
      await pause;
      await this.flush(send);
    } finally {
      this.#isFlushDue = false;
    }
  }

  get needsFlush(): boolean {
    return this.#counts.size > 0 && !this.#isFlushDue;
  }

  /** What can't be told now stays for the next time. */
  async flush(send: (counts: ErrorCount[]) => Promise<void>): Promise<void> {
    const counts = [...this.#counts.values()];
    this.#counts = new Map();
    if (counts.length === 0) return;
    try {
      await send(counts);
    } catch (error) {
      this.add(counts);
      log("warn", "error_counts_delayed", { error: String(error) });
    }
  }
}

const counts = new ErrorCounts();

const sendTo = (env: Env) => async (counted: ErrorCount[]) => metricsStub(env).countErrors(counted);

/** Tells what this isolate has counted, without waiting for its time. */
export const flushErrorCounts = (env: Env): Promise<void> => counts.flush(sendTo(env));

export const countErrors = () =>
  createMiddleware<{ Bindings: Env }>(async (context, next) => {
    await next();
    const { status } = context.res;
    if (status < 400) return;
    const method = METHODS.includes(context.req.method) ? context.req.method : "other";
    counts.add([{ route: routeOf(context), method, status, count: 1 }]);
    if (counts.needsFlush) waitUntil(counts.flushAfter(scheduler.wait(FLUSH_EVERY_MS), sendTo(context.env)));
  });
