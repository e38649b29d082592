/** How objects are named: the one place that turns an id into a stub. Call it only for ids that are known to be issued. */

/** Tokens and records name their queue, so that there can be more of them later. */
export const DEFAULT_QUEUE = "default";

export const buildStub = (env: Env, buildId: number) => env.BUILDS.getByName(String(buildId));
export const queueStub = (env: Env) => env.QUEUES.getByName(DEFAULT_QUEUE);
export const projectStub = (env: Env, projectId: number) => env.PROJECTS.getByName(String(projectId));
export const metricsStub = (env: Env) => env.METRICS.getByName("metrics");
export const directoryStub = (env: Env) => env.DIRECTORY.getByName("directory");
