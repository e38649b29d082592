/**
 * A crash before and after every write of a build's life: nothing acknowledged is lost, nothing is handed out twice,
 * nothing is left over.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { PART_BYTES } from "../../src/artifacts/sink.ts";
import { buildStub } from "../../src/stubs.ts";
import { noise } from "../tools/clients/multipart.ts";
import { LEGACY, MODERN_19 } from "../tools/runners/dialects.ts";
import type { Dialect } from "../tools/runners/dialects.ts";
import { Life, newSite } from "../tools/crash/life.ts";
import type { Plan, Site } from "../tools/crash/life.ts";
import { CRASH_KINDS, CrashPoint } from "../tools/crash/points.ts";
import { alarmOf, bytesOf, FIRST, holdTime, runningBuild, traceOf, valueOf } from "../tools/objects/objects.ts";

beforeAll(holdTime);
afterAll(() => void vi.useRealTimers());

const PLAIN = { end: "success", log: ["one.\n"], archives: [] } as const;
/** What an end writes for itself; the rest is the same for all dialects. */
const END_ONLY = ["INSERT INTO trace", "DROP TABLE trace", "INSERT OR REPLACE INTO build", "COMMIT"];
const ROWS = `${"0123456789abcde\n".repeat(33_000)}.\n`;

/** In which phase it crashes, and what is special about that life. The first ones are the same for all dialects. */
const PLANS: Record<string, Plan & { readonly dialect?: Dialect }> = {
  "a creation": { ...PLAIN, phase: "creation" },
  "a claim": { ...PLAIN, phase: "claim" },
  "an append": { ...PLAIN, phase: "append", log: ["one.\n", ROWS, "three.\n"] },
  "an upload, and one that replaces it": { ...PLAIN, phase: "upload", archives: [noise(1000), noise(2000)] },
  "an upload in parts": {
    ...PLAIN,
    phase: "upload",
    archives: [noise(PART_BYTES + 1000)],
    only: ["createMultipartUpload", "uploadPart", "complete", "UPDATE artifact"],
  },
  "a success": { ...PLAIN, phase: "finish" },
  "a failure": {
    ...PLAIN,
    phase: "finish",
    end: "failed",
    only: ["COMMIT", "DELETE FROM build", "UPDATE build"],
  },
  "the clean-up": { ...PLAIN, phase: "upkeep", archives: [noise(1000), noise(2000)] },
  "a removal while it uploads": {
    ...PLAIN,
    phase: "removal",
    archives: [noise(1000), noise(2000)],
    only: ["delete", "deleteAll", "DELETE FROM build", "DELETE FROM project", "COMMIT", "setAlarm"],
  },
  "a claim that is confirmed": { ...PLAIN, phase: "claim", dialect: MODERN_19 },
  "an append of today's runner": { ...PLAIN, phase: "append", dialect: MODERN_19 },
  "an upload that is sent twice": {
    ...PLAIN,
    phase: "upload",
    archives: [noise(1000), noise(1000)],
    // What the second leaves behind is deleted by an alarm, which comes when it comes.
    only: ["INSERT INTO artifact", "COMMIT", "put"],
    dialect: MODERN_19,
  },
  "a verified log": { ...PLAIN, phase: "finish", only: END_ONLY, dialect: MODERN_19 },
  "a log that is sent anew": { ...PLAIN, phase: "finish", isDamaged: true, only: END_ONLY, dialect: MODERN_19 },
};

/** Some of the writes that are met, without which the tests below would be about nothing. */
const WRITES: Record<string, Record<string, readonly string[]>> = {
  "a creation": {
    DirectoryObject: ["INSERT OR REPLACE INTO number"],
    ProjectObject: ["INSERT INTO build", "INSERT OR REPLACE INTO outbox", "COMMIT", "setAlarm", "DELETE FROM outbox"],
    BuildObject: ["INSERT INTO spec", "INSERT OR REPLACE INTO build", "COMMIT", "setAlarm"],
    QueueObject: ["INSERT OR REPLACE INTO build"],
  },
  "a claim": {
    QueueObject: ["UPDATE build", "COMMIT", "setAlarm"],
    BuildObject: ["INSERT OR REPLACE INTO build"],
    ProjectObject: ["UPDATE build"],
  },
  "an append": { BuildObject: ["INSERT INTO trace", "INSERT INTO trace", "INSERT INTO trace", "INSERT INTO trace"] },
  "an upload, and one that replaces it": {
    BuildObject: ["INSERT INTO artifact", "UPDATE artifact", "COMMIT"],
    Worker: ["put", "put"],
  },
  "an upload in parts": {
    BuildObject: ["INSERT INTO artifact", "UPDATE artifact", "UPDATE artifact", "COMMIT"],
    Worker: ["createMultipartUpload", "uploadPart", "uploadPart", "complete"],
  },
  "a success": { BuildObject: ["INSERT INTO trace", "COMMIT"], QueueObject: ["DELETE FROM build"] },
  "a failure": { BuildObject: ["INSERT INTO trace", "COMMIT"], QueueObject: ["DELETE FROM build"] },
  "a removal while it uploads": {
    ProjectObject: ["COMMIT", "DELETE FROM build", "deleteAll"],
    BuildObject: ["delete", "delete", "DELETE FROM build", "COMMIT", "setAlarm"],
    QueueObject: ["INSERT OR IGNORE INTO stopped_project", "DELETE FROM build", "DELETE FROM stopped_project"],
  },
  "a claim that is confirmed": {
    QueueObject: ["UPDATE build", "COMMIT", "setAlarm"],
    BuildObject: ["INSERT OR REPLACE INTO build", "INSERT OR REPLACE INTO build"],
    ProjectObject: ["UPDATE build"],
  },
  "an append of today's runner": { BuildObject: ["INSERT INTO trace"] },
  "an upload that is sent twice": { BuildObject: ["INSERT INTO artifact", "COMMIT"], Worker: ["put", "put", "delete"] },
  "a verified log": { BuildObject: ["INSERT INTO trace", "INSERT OR REPLACE INTO build"] },
  "a log that is sent anew": { BuildObject: ["DROP TABLE trace", "COMMIT", "INSERT INTO trace", "COMMIT"] },
  "the clean-up": { BuildObject: ["put", "DROP TABLE trace", "COMMIT", "delete", "DELETE FROM artifact"] },
};

const needsNewSite = ({ phase }: Plan): boolean => phase === "creation" || phase === "removal";

describe.each(Object.entries(PLANS))("%s", (title, plan) => {
  const writes = new Map<string, string[]>();
  let site: Site;
  const live = async (point: CrashPoint): Promise<void> =>
    Life.live(plan, point, needsNewSite(plan) ? await newSite(plan.dialect ?? LEGACY) : site);

  beforeAll(async () => {
    site = await newSite(plan.dialect ?? LEGACY);
    const uncrashed = new CrashPoint();
    await live(uncrashed);
    for (const [who, what] of uncrashed.writes) writes.set(who, what);
  }, 120_000);

  test("writes", () => {
    for (const [who, some] of Object.entries(WRITES[title] ?? {})) {
      expect(writes.get(who)).toEqual(expect.arrayContaining([...some]));
    }
  });

  test.each(CRASH_KINDS)("survives a crash %s each of them", { timeout: 120_000 }, async (kind) => {
    for (const [victim, what] of writes) {
      for (const [index, write] of what.entries()) {
        if (plan.only?.includes(write) === false) continue;
        const point = new CrashPoint(kind, victim, index + 1);
        const name = `${kind} ${write}, ${victim}'s write ${index + 1}`;
        await live(point).catch((error: unknown) => {
          throw new Error(name, { cause: error });
        });
        expect(point.hit?.name, name).toBe(victim);
      }
    }
  });
});

test("what is not yet durable is lost with its object: a crash right after a write is one before it", async () => {
  const { id, stub } = await runningBuild();
  const alarmAtMs = await alarmOf(stub);
  const writeAndDie = runInDurableObject(stub, (instance, state) => {
    valueOf(instance.append(FIRST, 0, bytesOf("lost.\n")));
    state.storage.transactionSync(() => state.storage.sql.exec("UPDATE build SET attempt = 2"));
    void state.storage.setAlarm(Date.now() + 1_000_000_000);
    state.abort("right after");
  });
  await expect(writeAndDie).rejects.toThrow("right after");
  const again = buildStub(env, id);
  expect(await traceOf(again)).toBe("");
  expect(valueOf(await again.summary()).attempt).toBe(1);
  expect(await alarmOf(again)).toBe(alarmAtMs);
});
