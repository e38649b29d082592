/** The dialects that scenarios are run over, and runners that speak them to the app inside workerd. */
import type { Project } from "../../../src/core/project.ts";
import { FakeLegacyRunner } from "./fake-legacy-runner.ts";
import { FakeModernRunner } from "./fake-modern-runner.ts";
import type { FakeRunner, Work } from "./fake-runner.ts";
import { appFetch, ORIGIN, REGISTRATION_TOKEN, runnersToken } from "../clients/legacy-api.ts";
import { LegacyClient } from "../clients/legacy-client.ts";
import { ModernClient } from "../clients/modern-client.ts";
import { RELEASE_14, RELEASE_19 } from "../clients/modern-release.ts";
import type { Release } from "../clients/modern-release.ts";
import type { Fetch, RunnerOptions } from "../clients/runner-wire.ts";

export interface Dialect {
  readonly name: string;
  /** A runner that `registrationToken` is good for. */
  register(registrationToken: string, options?: RunnerOptions, fetch?: Fetch): Promise<FakeRunner>;
  /** A runner that is registered already. */
  known(token: string, fetch?: Fetch): FakeRunner;
}

export const modern = (release: Release, name = `gitlab-runner ${release.version}`) => ({
  name,
  async register(registrationToken: string, options: RunnerOptions = {}, fetch: Fetch = appFetch) {
    return new FakeModernRunner(await ModernClient.register(ORIGIN, registrationToken, options, { release, fetch }));
  },
  known: (token: string, fetch: Fetch = appFetch) =>
    new FakeModernRunner(new ModernClient(ORIGIN, token, { release, fetch })),
});

export const LEGACY: Dialect = {
  name: "gitlab-ci-multi-runner 1.11.5",
  async register(registrationToken, options = {}, fetch = appFetch) {
    return new FakeLegacyRunner(await LegacyClient.register(ORIGIN, registrationToken, options, fetch));
  },
  known: (token, fetch = appFetch) => new FakeLegacyRunner(new LegacyClient(ORIGIN, token, fetch)),
};

export const MODERN_14 = modern(RELEASE_14);
/** Two-phase claims, and time to wind down. */
export const MODERN_19 = modern(RELEASE_19);

export const DIALECTS: readonly Dialect[] = [LEGACY, MODERN_14, MODERN_19];

/** A runner of this project alone, so that tests don't take each other's builds. */
export const runnerFor = async (dialect: Dialect, project: Project, options?: RunnerOptions): Promise<FakeRunner> =>
  dialect.register(await runnersToken(project), options);

/** A runner of the instance that takes builds with this tag alone, for the same reason. */
export const instanceRunnerFor = (dialect: Dialect, tag: string): Promise<FakeRunner> =>
  dialect.register(REGISTRATION_TOKEN, { tags: [tag], runUntagged: false });

/** The work that this runner gets now. */
export const workFor = async (runner: FakeRunner): Promise<Work> => {
  const asked = await runner.poll();
  if (asked.kind !== "work") throw new Error(`no work: ${asked.kind}`);
  return asked.work;
};
