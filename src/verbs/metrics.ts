/** How the deployment fares. */
import type { Watched } from "../metrics/object.ts";
import type { QueueMetrics } from "../queue/metrics.ts";
import { flushErrorCounts } from "../http/error-counts.ts";
import { metricsStub, queueStub } from "../stubs.ts";
import { retrying } from "./call.ts";

export interface Metrics {
  readonly queue: QueueMetrics;
  readonly watched: Watched;
}

export const readMetrics = async (env: Env): Promise<Metrics> => {
  await flushErrorCounts(env);
  const [queue, watched] = await Promise.all([
    retrying(async () => queueStub(env).metrics()),
    retrying(async () => metricsStub(env).watched()),
  ]);
  return { queue, watched };
};
