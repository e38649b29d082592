/** The servers that are measured, and what the bench asks of ours before and between. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { startLocalServer } from "../../scripts/local-server.ts";
import { DEVELOPMENT_SECRETS } from "../../scripts/local-settings.ts";

export interface BenchServer {
  readonly url: string;
  stop(): Promise<void>;
}

const SECRETS = { SIGNALBOX_DEV_SECRETS: "1", ...DEVELOPMENT_SECRETS };

const stateDirs: string[] = [];

/** At the end of a run: a file system that has just deleted thousands of files is slow to make new ones. */
export const removeState = async (): Promise<void> => {
  for (const dir of stateDirs) await rm(dir, { recursive: true, force: true });
};

const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  await new Promise((closed) => probe.close(closed));
  return port;
};

const start = async (config: string | null, vars: Readonly<Record<string, string>>): Promise<BenchServer> => {
  const stateDir = await mkdtemp(join(tmpdir(), "signalbox-bench-"));
  stateDirs.push(stateDir);
  const server = await startLocalServer({
    port: await freePort(),
    stateDir,
    vars,
    // The lines are written and read, as in a deployment, but not shown.
    log: () => {},
    ...(config === null ? {} : { config }),
  });
  return server;
};

/** The product, bundled as for a deployment. */
export const startOurs = (vars: Readonly<Record<string, string>> = {}): Promise<BenchServer> =>
  start(null, { ...SECRETS, ...vars });

/** The product with the bench's own entry point: counts what is billed, and fills the queue's table. */
export const startCounted = (): Promise<BenchServer> =>
  start(join(import.meta.dirname, "worker/wrangler.toml"), SECRETS);

/** A Worker that does only the unavoidable. */
export const startBare = (): Promise<BenchServer> => start(join(import.meta.dirname, "bare/wrangler.toml"), {});
