/**
 * `npm run bench [section …]`: what the product costs, in ratios to a Worker that does only the unavoidable, measured by
 * turns in one run; and what a build is billed for. Without a section, all of them: append claim transfer flat memory cost
 * pickup crowd compile. Most of them for both dialects. About twenty minutes.
 */
import { cpus, totalmem } from "node:os";
import { compareAppends } from "./append.ts";
import { compareClaims, compareConfirmations } from "./claim.ts";
import { compileCost } from "./compile.ts";
import { Coordinator } from "./coordinator.ts";
import { countCost } from "./cost.ts";
import { crowdTimes } from "./crowd.ts";
import { DIALECTS, MODERN } from "./dialect.ts";
import type { Dialect } from "./dialect.ts";
import { compareFullQueue, compareLongTrace } from "./flat.ts";
import type { Comparison } from "./measure.ts";
import { uploadMemory } from "./memory.ts";
import { pickUpTimes } from "./pickup.ts";
import { removeState, startBare, startCounted, startOurs } from "./servers.ts";
import type { BenchServer } from "./servers.ts";
import { compareTransfers } from "./transfer.ts";

/** Nothing that is measured here may end for its size. */
const NO_LIMITS = { MAX_TRACE_BYTES: "1000000000000", MAX_ARTIFACT_BYTES: "2000000000" };

const figure = (value: number): string => value.toPrecision(3);

const print = (what: string, measured: string, asked: string): void =>
  console.log(`${what.padEnd(44)} ${measured.padEnd(66)} ${asked}`);

const printComparison = (what: string, unit: string, { ours, bare, ratio }: Comparison, asked: string): void => {
  const spread = `${figure(ratio.least)} to ${figure(ratio.most)}`;
  print(what, `${figure(ours)} ${unit}, bare ${figure(bare)}, ratio ${figure(ratio.median)} (${spread})`, asked);
};

const withServers = async (
  starts: readonly (() => Promise<BenchServer>)[],
  measure: (urls: readonly string[]) => Promise<void>,
): Promise<void> => {
  const servers: BenchServer[] = [];
  try {
    for (const start of starts) servers.push(await start());
    await measure(servers.map((server) => server.url));
  } finally {
    for (const server of servers) await server.stop();
  }
};

const oursAndBare = (measure: (ours: string, bare: string) => Promise<void>): Promise<void> =>
  withServers([() => startOurs(NO_LIMITS), startBare], ([ours = "", bare = ""]) => measure(ours, bare));

/** A server of its own for each dialect: what one leaves behind costs the other nothing. */
const forEachDialect = async (measure: (dialect: Dialect) => Promise<void>): Promise<void> => {
  for (const dialect of DIALECTS) await measure(dialect);
};

const appendBy = (dialect: Dialect): Promise<void> =>
  oursAndBare(async (url, bare) => {
    for (const [bytes, perRound] of [
      [200, 1920],
      [65_536, 640],
    ] as const) {
      for (const lanes of [1, 64]) {
        const project = await new Coordinator(url).project(`append-${bytes}-${lanes}`, dialect);
        const result = await compareAppends({ url, project }, bare, { bytes, lanes, perRound });
        printComparison(`${dialect.name}: append ${bytes} bytes, ${lanes} at once`, "/s", result, "at least 0.8");
      }
    }
  });

const claimBy = (dialect: Dialect): Promise<void> =>
  oursAndBare(async (url, bare) => {
    for (const lanes of [1, 8]) {
      const project = await new Coordinator(url).project(`claim-${lanes}`, dialect);
      const result = await compareClaims({ url, project }, bare, { lanes, perRound: 160 });
      printComparison(`${dialect.name}: claim, ${lanes} runners at once`, "/s", result, "at least 0.7");
      if (dialect !== MODERN) continue;
      const confirmed = await compareConfirmations({ url, project }, bare, { lanes, perRound: 160 });
      printComparison(`${dialect.name}: its confirmation, ${lanes} at once`, "/s", confirmed, "for information");
    }
  });

const transferBy = (dialect: Dialect): Promise<void> =>
  oursAndBare(async (url, bare) => {
    const project = await new Coordinator(url).project("transfer", dialect);
    const { upload, download } = await compareTransfers({ url, project }, bare, { bytes: 90_000_000, rounds: 7 });
    printComparison(`${dialect.name}: upload of 90 MB, chunked, hashed`, "MB/s", upload, "at least 0.7");
    printComparison(`${dialect.name}: download of 90 MB`, "MB/s", download, "at least 0.9");
  });

const flat = async (): Promise<void> => {
  await withServers([startCounted, startCounted], async ([full = "", empty = ""]) => {
    const result = await compareFullQueue(full, empty);
    printComparison("claim with 100,000 pending, to with 100", "s", result, "at most 1.5");
  });
  await withServers([() => startOurs(NO_LIMITS)], async ([url = ""]) => {
    const result = await compareLongTrace(url, await new Coordinator(url).project("long"));
    printComparison("append to 50 MB, to an empty trace", "s", result, "at most 1.2");
  });
};

const memory = (): Promise<void> =>
  withServers([() => startOurs(NO_LIMITS)], async ([url = ""]) => {
    const { smallPeak, largePeak } = await uploadMemory(url, await new Coordinator(url).project("memory"));
    const [small, large] = [smallPeak / 1e6, largePeak / 1e6];
    const added = `${figure(Math.max(0, large - small))} MB`;
    print(
      "memory added by 1 GB, to three of 300 MB",
      `${added} (peaks ${figure(small)}, ${figure(large)})`,
      "at most 150",
    );
  });

const costBy = (dialect: Dialect): Promise<void> =>
  withServers([startCounted], async ([url = ""]) => {
    const { perPatch, rest, details } = await countCost(url, dialect);
    const list = (counts: typeof rest) =>
      `${counts.objectRequests} object requests, ${counts.rowsWritten} rows, R2 ${counts.r2Writes} writes ${counts.r2Reads} reads`;
    print(`${dialect.name}: billed per patch`, list(perPatch), "at most 1 and 1.1");
    print(`${dialect.name}: billed for the rest of its life`, list(rest), "at most 25 and 60");
    for (const [what, count] of Object.entries(details)) console.log(`    ${`${count}`.padStart(4)}  ${what}`);
  });

const pickupBy = (dialect: Dialect): Promise<void> =>
  withServers([startOurs], async ([url = ""]) => {
    const { p50, p95 } = await pickUpTimes(url, await new Coordinator(url).project("pickup", dialect));
    print(
      `${dialect.name}: pick-up by a waiting runner`,
      `p50 ${figure(p50)} ms, p95 ${figure(p95)} ms`,
      "p95 at most 100",
    );
  });

const crowd = (): Promise<void> =>
  withServers([startOurs], async ([url = ""]) => {
    const { p50, p95, everyMs, built, handedOut, handedOutTwice } = await crowdTimes(
      url,
      await new Coordinator(url).project("crowd", MODERN),
    );
    print(
      `a build per ${figure(everyMs)} ms, 1,000 held polls`,
      `p50 ${figure(p50)} ms, p95 ${figure(p95)} ms`,
      "p95 at most 100",
    );
    print("    handed out", `${handedOut} of ${built}, ${handedOutTwice} twice`, "all, none twice");
  });

const compiling = (): void => {
  for (const [what, scriptBytes, asked] of [
    ["a plan of 500 jobs", 200, "at most 50 ms and 1 MB"],
    ["a plan of a file of 1 MiB", 1_420, "at most 300 ms"],
  ] as const) {
    const { ms, heldBytes, jobs, fileBytes } = compileCost(scriptBytes);
    const per100Jobs = `${figure(heldBytes / 1e6 / (jobs / 100))} MB per 100 jobs`;
    print(`${what} (${Math.round(fileBytes / 1024)} KiB)`, `${figure(ms)} ms, ${jobs} jobs, ${per100Jobs}`, asked);
  }
};

const SECTIONS = {
  append: () => forEachDialect(appendBy),
  claim: () => forEachDialect(claimBy),
  transfer: () => forEachDialect(transferBy),
  flat,
  memory,
  cost: () => forEachDialect(costBy),
  pickup: () => forEachDialect(pickupBy),
  crowd,
  compile: compiling,
};

const isSection = (name: string): name is keyof typeof SECTIONS => name in SECTIONS;

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !isSection(name));
if (unknown.length > 0) throw new Error(`no such section: ${unknown.join(", ")}; ${Object.keys(SECTIONS).join(" ")}`);

const processors = cpus();
console.log(
  `${processors.length} × ${processors[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`,
);
try {
  for (const name of asked.length === 0 ? Object.keys(SECTIONS) : asked) if (isSection(name)) await SECTIONS[name]();
} finally {
  await removeState();
}
