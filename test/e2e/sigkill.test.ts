import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { CrashingServer } from "../tools/fleet/crashing-server.ts";
import { Fleet } from "../tools/fleet/fleet.ts";
import { storedInR2 } from "../tools/fleet/state.ts";

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
  "the whole server killed with SIGKILL under load and restarted on its state, three times: every acknowledged byte, artifact, claim and enqueue is there, every pending build is handed out exactly once; after all is removed, with a kill in between, nothing is left in R2",
  async () => {
    // More builds than runners: some are pending whenever the server dies.
    const mix = { pauseMs: 150, abandonOneOf: 0 };
    const fleet = await Fleet.start(server, { runners: 12, projects: 3, openBuilds: 24, mix, vanishOneOf: 0 });
    const { ledger } = fleet;
    for (let kill = 0; kill < KILLS; kill++) {
      const enough = ledger.counts.patches + PATCHES_BETWEEN_KILLS;
      const isEnough = () => ledger.counts.patches >= enough || ledger.violations.length > 0;
      await vi.waitUntil(isEnough, { timeout: 60_000, interval: 10 });
      await fleet.crash();
    }
    await fleet.drain(60_000);
    await fleet.conclude();

    expect(ledger.violations).toEqual([]);
    // It was a load: what is not sent can't be lost.
    expect(ledger.counts.ends).toBeGreaterThan(30);
    expect(ledger.counts.patches).toBeGreaterThanOrEqual(KILLS * PATCHES_BETWEEN_KILLS);
    expect(ledger.counts.artifacts).toBeGreaterThan(10);

    expect(storedInR2(server.stateDir).length).toBeGreaterThan(0);
    await fleet.removeAll(60_000);
    expect(ledger.violations).toEqual([]);
  },
  LIMIT_MS,
);
