import { beforeEach, afterEach, describe, expect, it, vi } from "vitest";
import { OutboxColumn } from "../../src/builds/outbox-column.ts";
import { FIRST_RETRY_MS, LONGEST_RETRY_MS, Outbox } from "../../src/storage/outbox.ts";
import type { Delivery, OutboxOptions } from "../../src/storage/outbox.ts";
import { OUTBOX_ERRORS, OUTBOX_TABLE, OutboxTable } from "../../src/storage/outbox-table.ts";
import type { OutboxStore } from "../../src/storage/outbox-table.ts";
import type { Sql } from "../../src/storage/sql.ts";
import { advance, holdTime } from "../tools/objects/objects.ts";
import { inScratch } from "../tools/objects/scratch.ts";

beforeEach(holdTime);
afterEach(() => void vi.useRealTimers());

/** An outbox whose calls are answered by hand, in the order in which they were made. */
const outboxOver = (store: OutboxStore<string>, tellUndelivered?: OutboxOptions<string>["tellUndelivered"]) => {
  const calls: { readonly to: string; readonly message: string; answer: (delivery: Delivery | Error) => void }[] = [];
  const outbox = new Outbox<string>({
    store,
    send: (to, message) =>
      new Promise((resolve, reject) => {
        const answer = (delivery: Delivery | Error) =>
          delivery instanceof Error ? reject(delivery) : resolve(delivery);
        calls.push({ to, message, answer });
      }),
    ...(tellUndelivered === undefined ? {} : { tellUndelivered }),
  });
  const put = (to: string, revision: number, message = `${to} ${revision}`) =>
    outbox.put(to, revision, message, Date.now() + FIRST_RETRY_MS);
  /** Waits for the call with this index, answers it. */
  const answer = async (index: number, delivery: Delivery | Error) =>
    (await vi.waitUntil(() => calls[index])).answer(delivery);
  return { outbox, put, answer, calls, sent: () => calls.map((call) => call.message) };
};

const withTable = (body: (sql: Sql, store: OutboxTable<string>) => Promise<void>) =>
  inScratch(async ({ sql }) => {
    sql.run(`${OUTBOX_TABLE};${OUTBOX_ERRORS}`);
    await body(sql, new OutboxTable<string>(sql));
  });

describe("an outbox", () => {
  it("sends what was put, and has nothing left when that is acknowledged", () =>
    withTable(async (_sql, store) => {
      const { outbox, put, answer, sent } = outboxOver(store);
      put("a", 1);
      expect(outbox.nextDueMs()).toBe(Date.now() + FIRST_RETRY_MS);
      const delivered = outbox.deliver("a");
      await answer(0, "done");
      expect(await delivered).toBe(true);
      expect([sent(), outbox.nextDueMs()]).toEqual([["a 1"], null]);
    }));

  it("replaces what waits by what is newer, and sends what came during a call after it", () =>
    withTable(async (_sql, store) => {
      const { outbox, put, answer, sent } = outboxOver(store);
      put("a", 1);
      put("a", 2);
      const delivered = outbox.deliver("a");
      await vi.waitUntil(() => sent().length === 1);
      put("a", 3);
      expect(outbox.deliver("a")).toBe(delivered);
      await answer(0, "done");
      await answer(1, "done");
      expect(await delivered).toBe(true);
      expect([sent(), outbox.nextDueMs()]).toEqual([["a 2", "a 3"], null]);
    }));

  it("tries again later and later what fails, five minutes at most, and tells how many wait", () =>
    withTable(async (sql, store) => {
      const told: number[] = [];
      const { outbox, put, answer } = outboxOver(store, async (entries) => void told.push(entries));
      put("a", 1);
      const pauses: number[] = [];
      for (let tries = 0; tries < 7; tries++) {
        const delivered = tries === 0 ? outbox.deliver("a") : outbox.deliverDue(Date.now());
        await answer(tries, new Error("down"));
        await delivered;
        pauses.push((outbox.nextDueMs() ?? 0) - Date.now());
        advance(LONGEST_RETRY_MS);
      }
      expect(pauses).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
      expect(sql.first("SELECT last_error FROM outbox")).toEqual({ last_error: "Error: down" });
      const delivered = outbox.deliverDue(Date.now());
      await answer(7, "done");
      await delivered;
      expect(told).toEqual([1, 1, 1, 1, 1, 1, 0]);
    }));

  it("waits as long as the receiver asks", () =>
    withTable(async (_sql, store) => {
      const { outbox, put, answer } = outboxOver(store);
      put("a", 1);
      const retryAtMs = Date.now() + 77_000;
      const delivered = outbox.deliver("a");
      await answer(0, { retryAtMs });
      expect(await delivered).toBe(false);
      expect(outbox.nextDueMs()).toBe(retryAtMs);
    }));

  it("keeps what will never be delivered with the reason, tries it no more, and sends what is newer", () =>
    withTable(async (_sql, store) => {
      const { outbox, put, answer, sent } = outboxOver(store);
      put("a", 1);
      const delivered = outbox.deliver("a");
      await answer(0, { dropped: "403 the token may not do this" });
      await delivered;
      expect(outbox.dropped()).toEqual([{ destination: "a", reason: "403 the token may not do this" }]);
      expect([outbox.nextDueMs(), outbox.undelivered()]).toEqual([null, 0]);
      await outbox.deliver("a");
      expect(sent()).toEqual(["a 1"]);
      put("a", 2);
      const newer = outbox.deliver("a");
      await answer(1, "done");
      await newer;
      expect([sent(), outbox.dropped()]).toEqual([["a 1", "a 2"], []]);
    }));

  it("gives up a call that hangs, so that its destination and the alarm go on", () =>
    withTable(async (_sql, store) => {
      vi.useFakeTimers();
      const { outbox, put, calls } = outboxOver(store);
      put("a", 1);
      const delivered = outbox.deliverDue(Date.now() + FIRST_RETRY_MS);
      await vi.advanceTimersByTimeAsync(0);
      expect(calls.length).toBe(1);
      await vi.advanceTimersByTimeAsync(30_000);
      await delivered;
      expect(outbox.undelivered()).toBe(1);
    }));

  it("makes five calls at once, and the next when one ends", () =>
    withTable(async (_sql, store) => {
      const { outbox, put, answer, sent } = outboxOver(store);
      const names = ["a", "b", "c", "d", "e", "f", "g"];
      for (const name of names) put(name, 1);
      const delivered = Promise.all(names.map((name) => outbox.deliver(name)));
      await vi.waitUntil(() => sent().length === 5);
      await Promise.resolve();
      expect(sent()).toEqual(["a 1", "b 1", "c 1", "d 1", "e 1"]);
      await answer(2, "done");
      await answer(5, "done");
      for (const index of [0, 1, 3, 4, 6]) await answer(index, "done");
      await delivered;
      expect(sent()).toEqual(["a 1", "b 1", "c 1", "d 1", "e 1", "f 1", "g 1"]);
    }));

  it("that is closed sends nothing more, and waits for what is under way", () =>
    withTable(async (_sql, store) => {
      const { outbox, put, answer, sent } = outboxOver(store);
      put("a", 1);
      void outbox.deliver("a");
      await vi.waitUntil(() => sent().length === 1);
      put("a", 2);
      const closed = outbox.close();
      await answer(0, "done");
      await closed;
      await outbox.deliver("a");
      expect([sent(), outbox.nextDueMs()]).toEqual([["a 1"], null]);
    }));

  it("forgets what is withdrawn", () =>
    withTable(async (_sql, store) => {
      const { outbox, put, sent } = outboxOver(store);
      put("a", 1);
      outbox.withdraw("a");
      expect([await outbox.deliver("a"), sent(), outbox.nextDueMs()]).toEqual([true, [], null]);
    }));
});

describe("the outbox in a column of its owner's row", () => {
  const column = (isWrittenSoon: boolean, body: (column: OutboxColumn, stored: () => unknown) => void) =>
    inScratch(({ sql }) => {
      sql.run("CREATE TABLE build (owed TEXT NOT NULL) STRICT; INSERT INTO build VALUES ('{}')");
      const stored = () => JSON.parse(sql.first<{ owed: string }>("SELECT owed FROM build")?.owed ?? "");
      body(new OutboxColumn(sql, () => isWrittenSoon), stored);
    });
  const entry = (dueAtMs: number) => ({ destination: "queue", revision: 3, message: null, tries: 0, dueAtMs });
  const kept = (dueAtMs: number, tries = 0) => ({ queue: { revision: 3, tries, dueAtMs } });

  it("is written by its owner, with the row", () =>
    column(false, (outbox, stored) => {
      outbox.put(entry(5000));
      expect([stored(), JSON.parse(outbox.text())]).toEqual([{}, kept(5000)]);
    }));

  it("knows after a restart what the row says", () =>
    column(false, (outbox) => {
      outbox.load(JSON.stringify(kept(5000, 2)));
      expect([outbox.nextDueMs(), outbox.dueBy(5000), outbox.undelivered()]).toEqual([5000, ["queue"], 1]);
      expect(outbox.find("queue")).toMatchObject({ revision: 3, tries: 2 });
    }));

  it("drops from memory what a transaction that was rolled back has put there", () =>
    column(false, (outbox) => {
      outbox.put(entry(5000));
      outbox.reload();
      expect(outbox.find("queue")).toBe(null);
    }));

  it("writes a failed try at once", () =>
    column(true, (outbox, stored) => {
      outbox.put(entry(5000));
      outbox.delay("queue", 9000);
      expect(stored()).toEqual(kept(9000, 1));
    }));

  it.each([
    { isWrittenSoon: true, due: 60_000, after: kept(60_000), why: "waits for the next write of the row" },
    { isWrittenSoon: false, due: 60_000, after: {}, why: "is written when none will come soon" },
    { isWrittenSoon: true, due: -1, after: {}, why: "is written when the alarm would send it again" },
  ])("an acknowledgement $why", ({ isWrittenSoon, due, after }) =>
    inScratch(({ sql }) => {
      sql.run("CREATE TABLE build (owed TEXT NOT NULL) STRICT; INSERT INTO build VALUES ('{}')");
      const outbox = new OutboxColumn(sql, () => isWrittenSoon);
      const dueAtMs = Date.now() + due;
      outbox.put(entry(dueAtMs));
      sql.run("UPDATE build SET owed = :owed", { owed: outbox.text() });
      outbox.remove("queue", 2);
      expect(outbox.find("queue")).not.toBe(null);
      outbox.remove("queue", 3);
      expect(outbox.find("queue")).toBe(null);
      const row = sql.first<{ owed: string }>("SELECT owed FROM build");
      expect(JSON.parse(row?.owed ?? "")).toEqual("queue" in after ? kept(dueAtMs) : after);
    }),
  );
});
