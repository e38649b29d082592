import { describe, expect, test } from "vitest";
import { ErrorCounts } from "../../src/http/error-counts.ts";
import type { ErrorCount } from "../../src/metrics/store.ts";

const error = (status: number, count = 1): ErrorCount => ({ route: "/x", method: "GET", status, count });

describe("what an isolate counts", () => {
  test("is told in one call, and once", async () => {
    const counts = new ErrorCounts();
    const told: ErrorCount[][] = [];
    const send = async (counted: ErrorCount[]) => void told.push(counted);
    for (const status of [404, 404, 500]) counts.add([error(status)]);
    await counts.flush(send);
    await counts.flush(send);
    expect(told).toEqual([[error(404, 2), error(500)]]);
  });

  test("waits for one flush, however many ask, and has none that nobody looks after", async () => {
    const counts = new ErrorCounts();
    const told: ErrorCount[][] = [];
    expect(counts.needsFlush).toBe(false);
    counts.add([error(404)]);
    expect(counts.needsFlush).toBe(true);
    const pause = Promise.withResolvers<void>();
    const flush = counts.flushAfter(pause.promise, async (counted) => {
      told.push(counted);
      counts.add([error(500)]);
    });
    counts.add([error(404)]);
    expect(counts.needsFlush).toBe(false);
    pause.resolve();
    await flush;
    expect(told).toEqual([[error(404, 2)]]);
    expect(counts.needsFlush).toBe(true);
  });

  test("stays when it can't be told, with what comes meanwhile", async () => {
    const counts = new ErrorCounts();
    const told: ErrorCount[][] = [];
    counts.add([error(404)]);
    await counts.flushAfter(Promise.resolve(), async () => {
      counts.add([error(404)]);
      throw new Error("the metrics object is away");
    });
    expect(counts.needsFlush).toBe(true);
    await counts.flush(async (counted) => void told.push(counted));
    expect(told).toEqual([[error(404, 2)]]);
  });
});
