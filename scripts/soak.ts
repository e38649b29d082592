/**
 * `npm run soak`: a fleet of simulated runners and consumers against a server of its own that is killed with SIGKILL and
 * started again on its state every minute. In the end everything that was acknowledged is looked for, then all is removed
 * and nothing may be left of it in R2, and the figures are printed. Exits with 1 when anything is wrong. Environment: `SOAK_MINUTES` (30), `SOAK_RUNNERS` (50).
 */
import { cpus } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { CrashingServer } from "../test/tools/fleet/crashing-server.ts";
import { Fleet } from "../test/tools/fleet/fleet.ts";
import { findLeaks } from "../test/tools/fleet/state.ts";

const MINUTE_MS = 60_000;
const SAMPLE_EVERY_MS = 5_000;
const MEGABYTE = 1024 * 1024;
/** What a lost runner's build waits for, a lost claim three times, and messages that a kill has delayed. */
const DRAIN_LIMIT_MS = 5 * MINUTE_MS;
/** After the last end: traces move to R2 after 15 s, delayed messages are sent again after 10 s. */
const SETTLE_MS = 45_000;
const SETTINGS = { CLAIM_LEASE_SECONDS: "10", STUCK_AFTER_SECONDS: "60", LONG_POLL_SECONDS: "20" };
const MAX_SHOWN = 50;

const setting = (name: string, otherwise: number): number => {
  const value = Number(process.env[name] ?? otherwise);
  if (value > 0) return value;
  throw new Error(`${name} must be a number above 0`);
};

const minutes = setting("SOAK_MINUTES", 30);
const runners = setting("SOAK_RUNNERS", 50);
const memory: number[] = [];

const say = (text: string): void => console.log(`${new Date().toISOString().slice(11, 19)}  ${text}`);
const megabytes = (bytes: number): string => `${Math.round(bytes / MEGABYTE)} MB`;

/** Kills every minute, and takes the memory of the process between. */
const run = async (server: CrashingServer, fleet: Fleet): Promise<void> => {
  const end = Date.now() + minutes * MINUTE_MS;
  for (let nextKill = Date.now() + MINUTE_MS; Date.now() < end;) {
    await delay(SAMPLE_EVERY_MS);
    memory.push(await server.memoryBytes());
    if (Date.now() < nextKill) continue;
    nextKill += MINUTE_MS;
    await fleet.crash();
    const { counts, violations } = fleet.ledger;
    say(
      `kill ${server.restarts}: ${counts.ends} builds done, ${counts.patches} patches, ${violations.length} violations`,
    );
  }
};

const report = (server: CrashingServer, fleet: Fleet, leaks: readonly string[]): void => {
  const { ledger, patchTimes, pickUps } = fleet;
  const { counts, lost, handedOutTwice, wrong } = ledger;
  const times = (samples: typeof patchTimes): string =>
    `p50 ${samples.percentile(0.5)}, p95 ${samples.percentile(0.95)} (${samples.count})`;
  const figures = {
    machine: `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`,
    "runners, minutes": `${runners}, ${minutes}`,
    kills: server.restarts,
    "builds done": counts.ends,
    claims: counts.claims,
    "patches acknowledged": `${counts.patches}, ${megabytes(counts.bytes)}`,
    "artifacts acknowledged": counts.artifacts,
    lost: lost.size,
    "handed out twice": handedOutTwice.size,
    "otherwise wrong": wrong.size,
    "leaked objects and rows": leaks.length,
    "pick-up": times(pickUps.times),
    patch: times(patchTimes),
    "memory of workerd": `min ${megabytes(Math.min(...memory))}, max ${megabytes(Math.max(...memory))}, last ${megabytes(memory.at(-1) ?? 0)}`,
  };
  console.log();
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(24)}${value}`);
  const problems = [...ledger.violations, ...leaks];
  for (const problem of problems.slice(0, MAX_SHOWN)) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
};

const server = await CrashingServer.start(SETTINGS);
process.once("SIGINT", () => void server.stop().finally(() => process.exit(130)));
process.once("SIGTERM", () => void server.stop().finally(() => process.exit(143)));
try {
  const mix = { pauseMs: 500, abandonOneOf: 100 };
  // A few runners always wait, so that a pick-up is one.
  const openBuilds = Math.ceil(runners * 0.8);
  const fleet = await Fleet.start(server, { runners, projects: 3, openBuilds, mix, vanishOneOf: 50 });
  say(`${runners} runners, ${minutes} minutes`);
  await run(server, fleet);
  say("waiting for the last builds");
  await fleet.drain(DRAIN_LIMIT_MS);
  await delay(SETTLE_MS);
  memory.push(await server.memoryBytes());
  say(`looking for all that ${fleet.ledger.builds.size} builds were told`);
  await fleet.conclude();
  await server.kill();
  const leaks = findLeaks(server.stateDir);
  await server.restart();
  say("removing all of it");
  await fleet.removeAll(DRAIN_LIMIT_MS);
  report(server, fleet, leaks);
} finally {
  await server.stop();
}
// Followers and polls that never ended are reported above, and hold nobody up.
process.exit();
