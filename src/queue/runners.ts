/** The runners of a queue: in memory, and in their rows. */
import { learned } from "../core/runner/abilities.ts";
import { canTakeAnything, isRecent } from "../core/runner/runner.ts";
import type { Runner, RunnerInfo, RunnerSettings, RunnerSummary } from "../core/runner/runner.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome, Refusal } from "../core/refusal.ts";
import type { RunnerStore } from "./runner-store.ts";

/** A contact is written down at most this often: a poll costs no row. */
const CONTACT_EVERY_MS = 60_000;

/** GitLab's default. A `runners_token` is in many hands, and each runner is in memory with all that it says. */
const MAX_PER_PROJECT = 1000;
/** Of the whole instance: some 40 MB of memory when each says as much as it may. */
const MAX_RUNNERS = 5000;

/** How many projects a runner serves at most: each is looked up where the runner is shown. */
const MAX_PROJECTS = 100;

/** Who asks, by the claims of a runner's token. */
export interface RunnerToken {
  readonly id: number;
  readonly epoch: number;
  /** Signed by TOKEN_SECRET_PREVIOUS: without that secret the runner is cut off. */
  readonly isOld?: boolean;
}

/** What a runner is registered for, and how. */
export interface RunnerOrigin {
  /** Null for an instance runner. */
  readonly projectId: number | null;
  readonly tokenPrefix: Runner["tokenPrefix"];
  readonly info: RunnerInfo;
}

interface Entry {
  runner: Runner;
  storedContactMs: number | null;
  /** 0 when never: apart from the contact, since a busy runner reports for hours and takes nothing. */
  polledAtMs: number;
  /** Its last call came with a token that the previous secret has signed. In memory alone: the next poll says so again. */
  hasOldToken: boolean;
  /** Goes up with each build that waits for this runner among others: what its polls are told as the cursor. */
  cursor: number;
}

export class Runners {
  readonly #store: RunnerStore;
  readonly #entries = new Map<number, Entry>();

  constructor(store: RunnerStore) {
    this.#store = store;
  }

  /** Of polls nothing is stored: after a restart the last contact stands for the last of them. */
  load(): void {
    for (const runner of this.#store.all()) {
      const storedContactMs = runner.contactedAtMs;
      this.#entries.set(runner.id, {
        runner,
        storedContactMs,
        polledAtMs: storedContactMs ?? 0,
        hasOldToken: false,
        cursor: 0,
      });
    }
  }

  get(id: number): Runner | null {
    return this.#entries.get(id)?.runner ?? null;
  }

  all(): Runner[] {
    return [...this.#entries.values()].map((entry) => entry.runner);
  }

  /** The runner, if a token of this epoch is good for it. */
  authenticate(id: number, epoch: number): Outcome<Runner> {
    const runner = this.get(id);
    if (runner === null) return refuse({ reason: "forbidden" });
    return runner.epoch === epoch ? accept(runner) : refuse({ reason: "stale_token" });
  }

  /** For the runner itself, or with `epoch` null for a consumer. */
  find(id: number, epoch: number | null): Outcome<Runner> {
    if (epoch !== null) return this.authenticate(id, epoch);
    const runner = this.get(id);
    return runner === null ? refuse({ reason: "not_found", what: "runner" }) : accept(runner);
  }

  /** Who is refused uses up no number. */
  register(takeId: () => number, settings: RunnerSettings, origin: RunnerOrigin, nowMs: number): Outcome<Runner> {
    if (!canTakeAnything(settings)) return refuse(needsTags);
    const full = this.#full(origin.projectId);
    if (full !== null) return refuse(full);
    const runner: Runner = {
      ...settings,
      id: takeId(),
      epoch: 1,
      tokenPrefix: origin.tokenPrefix,
      projects: origin.projectId === null ? null : [origin.projectId],
      info: origin.info,
      createdAtMs: nowMs,
      contactedAtMs: null,
    };
    this.#put(runner);
    return accept(runner);
  }

  #full(projectId: number | null): Refusal | null {
    if (this.#entries.size >= MAX_RUNNERS) return tooMany("runners", MAX_RUNNERS);
    return projectId === null ? null : this.#fullOf(projectId);
  }

  #fullOf(projectId: number): Refusal | null {
    const ofProject = this.all().filter(({ projects }) => projects?.includes(projectId)).length;
    return ofProject >= MAX_PER_PROJECT ? tooMany("project runners", MAX_PER_PROJECT) : null;
  }

  update(id: number, change: Partial<RunnerSettings>): Outcome<Runner> {
    const runner = this.get(id);
    if (runner === null) return refuse({ reason: "not_found", what: "runner" });
    const updated = { ...runner, ...change };
    if (!canTakeAnything(updated)) return refuse(needsTags);
    this.#put(updated);
    this.moveCursors((each) => each.id === id);
    return accept(updated);
  }

  /** It serves this project as well. */
  enable(id: number, projectId: number): Outcome<Runner> {
    const runner = this.find(id, null);
    if (!runner.ok) return runner;
    const { projects } = runner.value;
    if (projects === null) return refuse(servesAll);
    if (projects.includes(projectId)) return refuse({ reason: "taken", field: "runner_id" });
    if (projects.length >= MAX_PROJECTS) return refuse(servesTooMany);
    const full = this.#fullOf(projectId);
    if (full !== null) return refuse(full);
    return this.#serve(runner.value, [...projects, projectId]);
  }

  /** It serves this project no more. Of the only one it can't be taken away: it would serve nobody. */
  disable(id: number, projectId: number): Outcome<Runner> {
    const runner = this.find(id, null);
    if (!runner.ok) return runner;
    const { projects } = runner.value;
    if (projects?.includes(projectId) !== true) return refuse({ reason: "not_found", what: "runner" });
    if (projects.length === 1) return refuse({ reason: "only_project" });
    return this.#serve(
      runner.value,
      projects.filter((each) => each !== projectId),
    );
  }

  #serve(runner: Runner, projects: readonly number[]): Outcome<Runner> {
    const serving = { ...runner, projects };
    this.#put(serving);
    this.moveCursors((each) => each.id === runner.id);
    return accept(serving);
  }

  /** With `epoch` null the caller is a consumer, else the runner itself. */
  resetToken(id: number, epoch: number | null): Outcome<Runner> {
    const runner = this.find(id, epoch);
    if (!runner.ok) return runner;
    const reset = { ...runner.value, epoch: runner.value.epoch + 1 };
    this.#put(reset);
    return accept(reset);
  }

  /** It has called with this token. */
  sawToken({ id, isOld = false }: RunnerToken): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.hasOldToken = isOld;
  }

  /** How many would be cut off without the previous secret, of those that have called since this object started. */
  oldTokens(): number {
    return [...this.#entries.values()].filter(({ hasOldToken }) => hasOldToken).length;
  }

  /** After its rows were removed. */
  removed(id: number): void {
    this.#entries.delete(id);
  }

  /**
   * The runner was heard of. What it says of itself is written with the contact, not when it is news: machines that share
   * a token take turns in saying different things.
   */
  contact(id: number, info: RunnerInfo | null, nowMs: number): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.runner = { ...entry.runner, contactedAtMs: nowMs, info: learned(entry.runner.info, info) };
    if (entry.storedContactMs !== null && nowMs - entry.storedContactMs < CONTACT_EVERY_MS) return;
    this.#put(entry.runner);
  }

  /** The runner asked for work. */
  poll(id: number, info: RunnerInfo | null, nowMs: number): void {
    this.contact(id, info, nowMs);
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.polledAtMs = nowMs;
  }

  polledAtMs(id: number): number {
    return this.#entries.get(id)?.polledAtMs ?? 0;
  }

  moveCursors(mayTake: (runner: Runner) => boolean): void {
    for (const entry of this.#entries.values()) if (mayTake(entry.runner)) entry.cursor++;
  }

  cursorOf(id: number): number {
    return this.#entries.get(id)?.cursor ?? 0;
  }

  summarize(runner: Runner, running: number, polling: boolean, nowMs: number): RunnerSummary {
    return { ...runner, running, online: running > 0 || polling || isRecent(runner.contactedAtMs, nowMs) };
  }

  #put(runner: Runner): void {
    this.#store.put(runner);
    this.#entries.set(runner.id, {
      runner,
      storedContactMs: runner.contactedAtMs,
      polledAtMs: this.polledAtMs(runner.id),
      hasOldToken: this.#entries.get(runner.id)?.hasOldToken ?? false,
      cursor: this.cursorOf(runner.id),
    });
  }
}

const tooMany = (what: string, limit: number): Refusal => ({
  reason: "invalid",
  field: "base",
  message: `Maximum number of ci registered ${what} (${limit}) exceeded`,
});

const servesAll = {
  reason: "invalid",
  field: "runner_id",
  message: "is a runner of the instance: it serves all projects that allow it",
} as const;

const servesTooMany = {
  reason: "invalid",
  field: "runner_id",
  message: `is a runner of ${MAX_PROJECTS} projects already`,
} as const;

const needsTags = {
  reason: "invalid",
  field: "tags_list",
  message: "can not be empty when runner is not allowed to pick untagged jobs",
} as const;
