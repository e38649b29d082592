import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { CrashingServer } from "../support/fleet/crashing-server.ts";
import { Fleet } from "../support/fleet/fleet.ts";

const KILLS = 3;
const PATCHES_BETWEEN_KILLS = 80;

let server: CrashingServer;
beforeAll(async () => {
  server = await CrashingServer.start({ CLAIM_LEASE_SECONDS: "3", LONG_POLL_SECONDS: "5" });
});
afterAll(() => server.stop());

/** Half a minute on an idle machine; a crowded one takes as long for each start of the server. */
const LIMIT_MS = 300_000;

test(
  "the whole server killed with SIGKILL under load and restarted on its state, three times: every acknowledged byte, artifact, claim and enqueue is there, every pending build is handed out exactly once",
  async () => {
    // More builds than runners: some are pending whenever the server dies.
    const mix = { pauseMs: 150, abandonOneOf: 0 };
    const fleet = await Fleet.start(server, { runners: 12, projects: 3, openBuilds: 24, mix, vanishOneOf: 0 });
    for (let kill = 0; kill < KILLS; kill++) {
      const enough = fleet.ledger.counts.patches + PATCHES_BETWEEN_KILLS;
      await vi.waitUntil(() => fleet.ledger.counts.patches >= enough, { timeout: 60_000, interval: 10 });
      await fleet.crash();
    }
    await fleet.drain(60_000);
    await fleet.conclude();

    const { counts, violations } = fleet.ledger;
    expect(violations).toEqual([]);
    // It was a load: what is not sent can't be lost.
    expect(counts.ends).toBeGreaterThan(30);
    expect(counts.patches).toBeGreaterThanOrEqual(KILLS * PATCHES_BETWEEN_KILLS);
    expect(counts.artifacts).toBeGreaterThan(10);
  },
  LIMIT_MS,
);
