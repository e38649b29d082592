/**
 * What the model knows: for sure, and from answers alone. Where an answer was lost in a crash it knows two possibilities,
 * of which the next look finds one.
 */
import { env } from "cloudflare:workers";
import { app } from "../../../src/app.ts";
import { LegacyClient } from "../clients/legacy-client.ts";
import { ORIGIN } from "../clients/legacy-api.ts";
import { ModernClient } from "../clients/modern-client.ts";
import type { BuildKey } from "../clients/runner-wire.ts";
import { RELEASES } from "./tongue.ts";
import type { Tongue } from "./tongue.ts";
import { viewBuild } from "./views.ts";
import type { BuildView } from "./views.ts";

export const MAX_ARTIFACT_BYTES = 4096;
/** For the Worker; it alone looks at this limit. */
const WORKER_ENV: Env = { ...env, MAX_ARTIFACT_BYTES };

/** A breach of what must hold. */
export class Breach extends Error {}

export const must = (holds: boolean, what: string): void => {
  if (!holds) throw new Breach(what);
};

export interface ModelProject {
  readonly id: number;
  readonly runnersToken: string;
}

export interface ModelRunner {
  readonly label: string;
  readonly id: number;
  readonly project: ModelProject | null;
  readonly runUntagged: boolean;
  readonly tongue: Tongue;
  tags: readonly string[];
  /** The newest last; the others are stale. */
  tokens: readonly string[];
  paused: boolean;
  isGone: boolean;
  /** A change of it is under way: who asks meanwhile may meet it or not. */
  isChanging: boolean;
}

/** A claim whose answer came. */
export interface Attempt {
  readonly number: number;
  readonly runner: ModelRunner;
  /** The runner's token that claimed. */
  readonly runnerToken: string;
  readonly claimed: BuildKey;
  readonly claimedAtMs: number;
  /** Acknowledged signs of life. */
  contactAtMs: number | null;
  /** How often its log was dropped to be sent anew; null when an answer about that was lost. */
  resets: number | null;
}

export interface Archive {
  readonly bytes: Uint8Array;
  expiresAtMs: number | null;
}

export interface ModelBuild {
  readonly label: string;
  readonly id: number;
  readonly project: ModelProject;
  readonly tags: readonly string[];
  readonly attempts: Map<number, Attempt>;
  /** What somebody has asked of it, by the names of the machine's events: nothing else of the kind may happen to it. */
  readonly asked: Set<string>;
  /** When anybody has last said anything of it, accepted or not. */
  spokenAtMs: number;
  /** What an answer has said that it has become. */
  ended: string | null;
  /** What the log may be. */
  traces: readonly Uint8Array[];
  /** What the archive may be, null for none. */
  archives: readonly (Archive | null)[];
  /** As the last look found it. */
  view: BuildView;
}

export interface Sent {
  readonly json?: unknown;
  readonly headers?: Record<string, string>;
}

export interface KeyedJob {
  readonly json: { readonly tags: readonly string[] };
  readonly projectId: number;
  readonly id: number;
}

export class World {
  readonly projects: ModelProject[] = [];
  readonly runners: ModelRunner[] = [];
  readonly builds: ModelBuild[] = [];
  /** Requests that were made with an `Idempotency-Key`, and what came of them. */
  readonly keys = new Map<string, KeyedJob>();
  /** A crash is under way in this step: its requests may be answered with 5xx, and then nobody knows what they did. */
  isTurmoil = false;
  /** Since a crash some messages may wait for their alarm. */
  isDisturbed = false;
  /** The coordinator came back in this step, at this time, from an outage. */
  backAtMs: number | null = null;
  /** Of this step: what the next look must look at, and what was asked in vain. */
  readonly touched = new Set<ModelBuild>();
  readonly emptyHanded = new Set<ModelRunner>();
  readonly doubtfulRunners = new Set<ModelRunner>();
  /** Creations of which nobody knows whether they have made a build. */
  lostCreations = 0;
  lostRegistrations = 0;
  /** Builds that were promised and that their outbox is still to make. */
  readonly unborn = new Set<number>();

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const response = await app.fetch(new Request(url, init), WORKER_ENV);
    must(response.status < 500 || this.isTurmoil, `${response.status} of ${init.method} ${url.slice(ORIGIN.length)}`);
    return response;
  };

  /** The administrator asks. */
  async admin(method: string, path: string, { json, headers = {} }: Sent = {}): Promise<Response> {
    return this.fetch(`${ORIGIN}/api/v4${path}`, {
      method,
      headers: { "PRIVATE-TOKEN": "test-admin-token", "Content-Type": "application/json", ...headers },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
  }

  /** A runner that asks; new each time, so that it remembers no cursor and is answered at once. */
  client(token: string): LegacyClient {
    return new LegacyClient(ORIGIN, token, this.fetch);
  }

  /** The same of a runner that speaks today's dialect. */
  modernClient({ tongue }: ModelRunner, token: string): ModernClient {
    return new ModernClient(ORIGIN, token, { release: RELEASES[tongue], fetch: this.fetch });
  }

  /** Is this the answer that was expected? False when a crash has swallowed it: then nobody knows. */
  isSure(status: number, expected: readonly number[], what: string): boolean {
    if (status >= 500 && this.isTurmoil) return false;
    must(expected.includes(status), `${what}: ${status} instead of ${expected.join(" or ")}`);
    return true;
  }

  /** Nobody has promised this build, unless the answer was lost. */
  async adopt(id: number): Promise<void> {
    if (this.builds.some((build) => build.id === id)) return;
    if (!this.unborn.has(id)) must(--this.lostCreations >= 0, `build ${id} was made by nobody`);
    await this.add(id);
  }

  /** A build was promised. */
  async add(id: number): Promise<void> {
    if (this.builds.some((build) => build.id === id)) return;
    const view = await viewBuild(id);
    const project = this.projects.find((each) => each.id === view?.summary.projectId);
    if (view === null || project === undefined) {
      must(this.isTurmoil || this.isDisturbed, `build ${id} was promised and is not there`);
      this.unborn.add(id);
      return;
    }
    this.unborn.delete(id);
    const build: ModelBuild = {
      label: `b${this.builds.length}`,
      id,
      project,
      tags: view.summary.tags,
      attempts: new Map(),
      asked: new Set(),
      spokenAtMs: 0,
      ended: null,
      traces: [new Uint8Array()],
      archives: [null],
      view: { ...view, history: view.history.slice(0, 1) },
    };
    this.builds.push(build);
    this.touched.add(build);
  }

  present(): ModelRunner[] {
    return this.runners.filter(({ isGone }) => !isGone);
  }

  unfinished(): ModelBuild[] {
    return this.builds.filter((build) => !isOver(build));
  }

  /** Attempts that a runner could speak of, current or lost. */
  attempts(): { readonly build: ModelBuild; readonly attempt: Attempt }[] {
    return this.builds.flatMap((build) => [...build.attempts.values()].map((attempt) => ({ build, attempt })));
  }
}

export const isOver = ({ view }: ModelBuild): boolean => view.summary.finishedAtMs !== null;

export const tokenOf = (runner: ModelRunner): string => runner.tokens.at(-1) ?? "";

/** Does the runner that made this attempt hold the build, as far as the last look shows? */
export const isCurrent = (build: ModelBuild, attempt: Attempt): boolean =>
  build.view.summary.attempt === attempt.number && build.view.summary.runner !== null;

export const mayTake = (runner: ModelRunner, build: Pick<ModelBuild, "project" | "tags">): boolean =>
  !runner.isGone &&
  !runner.paused &&
  (runner.project === null || runner.project.id === build.project.id) &&
  (build.tags.length === 0 ? runner.runUntagged : build.tags.every((tag) => runner.tags.includes(tag)));

export const only = <T>(possible: readonly T[]): T => {
  const [first] = possible;
  if (possible.length !== 1 || first === undefined) throw new Error("the model is not sure");
  return first;
};

export const joined = (...pieces: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces));
