/**
 * A build's whole life by clients that do what real ones do when an answer doesn't come: they ask again. One phase of it
 * may have a crash in it; what must hold afterwards is in `#expectSound`.
 */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { tokenKeys } from "../../src/config.ts";
import type { Project } from "../../src/core/project.ts";
import { buildStub, directoryStub, projectStub, queueStub } from "../../src/stubs.ts";
import { areCopiesCurrent, buildsOf, expectAgreement } from "./crash-agreement.ts";
import { CrashPoint, during } from "./crash-points.ts";
import { call, newProject, newRunner, patch, RUNNER_1_11_5, summaryOf } from "./legacy-api.ts";
import { download, file, upload } from "./legacy-artifacts.ts";
import type { LegacyBuild } from "./legacy-build.ts";
import { advance, alarmOf, rowsOf } from "./objects.ts";

export const PHASES = ["creation", "claim", "append", "upload", "finish", "upkeep"] as const;
export type Phase = (typeof PHASES)[number];

/** What differs from life to life. */
export interface Plan {
  readonly phase: Phase;
  readonly end: "success" | "failed";
  /** What the runner appends in the phase of that name. */
  readonly log: readonly string[];
  /** Uploaded one after the other, the last one stays. */
  readonly archives: readonly Uint8Array[];
  /** Crashes at these writes alone, where the others are those of a plan that costs less. */
  readonly only?: readonly string[];
}

const AUTH = { "PRIVATE-TOKEN": "test-admin-token" };
const MOST_TRIES = 20;
/** Long enough for every lease, retry and sweep, and far from a finished build's end. */
const HORIZON_MS = 2 * 3_600_000;
const MOST_ALARMS = 200;
const ALARM_RETRY_MS = 2000;

const retryAlarm = (stub: DurableObjectStub, atMs: number): Promise<boolean> =>
  runInDurableObject(stub, async (_instance, { storage }) => {
    if ((await storage.getAlarm()) === null) await storage.setAlarm(atMs);
    return true;
  });

/** A project with two runners of its own, for one life after the other. */
export interface Site {
  readonly project: Project;
  readonly runnerTokens: readonly string[];
}

export const newSite = async (): Promise<Site> => {
  const project = await newProject();
  const runners = [await newRunner(project), await newRunner(project)];
  return { project, runnerTokens: runners.map(({ token }) => token) };
};

export class Life {
  readonly #plan: Plan;
  readonly #point: CrashPoint;
  readonly #project: Project;
  readonly #runnerTokens: readonly string[];
  #buildId: number;
  readonly #handed: { readonly build: LegacyBuild; readonly runnerToken: string }[] = [];
  /** What the runner has printed, and how much of it the server has acknowledged. */
  #log = "";
  #acknowledged = 0;

  private constructor(plan: Plan, point: CrashPoint, site: Site, buildId: number) {
    this.#plan = plan;
    this.#point = point;
    this.#project = site.project;
    this.#runnerTokens = site.runnerTokens;
    this.#buildId = buildId;
  }

  /** Lives a whole life. A plan whose phase is the creation needs a new site. */
  static async live(plan: Plan, point: CrashPoint, site: Site): Promise<void> {
    // A project that has leased no numbers yet begins with the first of the next block.
    const [leased] = await rowsOf(directoryStub(env), "SELECT next FROM number WHERE kind = 'build'");
    const life = new Life(plan, point, site, Number(leased?.["next"] ?? 1));
    const phases: Record<Phase, () => Promise<void>> = {
      creation: () => life.#create(),
      claim: () => life.#claim(),
      append: () => life.#append(),
      upload: () => life.#upload(),
      finish: () => life.#finish(),
      upkeep: () => life.#runAlarms(),
    };
    for (const phase of PHASES) {
      if (phase === plan.phase) await life.#withCrash(phases[phase]);
      else await phases[phase]();
    }
    await life.#expectSound();
  }

  async #withCrash(body: () => Promise<void>): Promise<void> {
    await during(this.#point, this.#objects(), body, async () => {
      return areCopiesCurrent(this.#buildId, this.#project.id);
    });
  }

  #objects() {
    const [buildId, projectId] = [this.#buildId, this.#project.id];
    return [
      () => buildStub(env, buildId),
      () => queueStub(env),
      () => projectStub(env, projectId),
      () => directoryStub(env),
    ];
  }

  /** Null for an answer that never came, or that the server itself calls a fault of its own. */
  async #ask(request: () => Promise<Response>): Promise<Response | null> {
    const response = await this.#point.request(request()).catch(() => null);
    if (response !== null && response.status < 500) return response;
    // Something has crashed, or it is no excuse.
    expect(this.#point.hit).not.toBeNull();
    advance(1000);
    return null;
  }

  /** Asks until there is an answer. */
  async #insist(request: () => Promise<Response>): Promise<Response> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const response = await this.#ask(request);
      if (response !== null) return response;
    }
    throw new Error("the server doesn't recover");
  }

  async #create(): Promise<void> {
    const path = `/api/v4/projects/${this.#project.id}/jobs`;
    const headers = { ...AUTH, "Idempotency-Key": crypto.randomUUID() };
    const create = () => call("POST", path, { json: { name: "unit", script: ["true"] }, headers });
    const created = await this.#insist(create);
    expect(created.status).toBe(201);
    this.#buildId = (await created.json<{ id: number }>()).id;
    const repeated = await this.#insist(create);
    expect(await repeated.json()).toMatchObject({ id: this.#buildId });
  }

  async #claim(): Promise<void> {
    for (let tries = 0; tries < MOST_TRIES && this.#handed.length === 0; tries++) {
      for (const runnerToken of this.#runnerTokens) await this.#poll(runnerToken);
      if (this.#handed.length === 0) await this.#toNextAlarm();
    }
    expect(this.#handed).toHaveLength(1);
    const { build, runnerToken } = this.#holder();
    expect(build.id).toBe(this.#buildId);
    const running = await this.#insist(() => this.#put(runnerToken, { state: "running" }));
    expect(running.status).toBe(200);
  }

  async #poll(runnerToken: string): Promise<void> {
    // Without a cursor, so that it isn't held.
    const headers = { "User-Agent": RUNNER_1_11_5 };
    const json = { token: runnerToken };
    const answer = await this.#ask(() => call("POST", "/ci/api/v1/builds/register", { json, headers }));
    if (answer?.status === 201) this.#handed.push({ build: await answer.json(), runnerToken });
    else expect(answer?.status ?? 204).toBe(204);
  }

  #holder() {
    const holder = this.#handed.at(-1);
    if (holder === undefined) throw new Error("nobody has the build");
    return holder;
  }

  #put(runnerToken: string, report: object): Promise<Response> {
    return call("PUT", `/ci/api/v1/builds/${this.#buildId}`, { json: { token: runnerToken, ...report } });
  }

  /** As 1.11.5 does: sends what the server hasn't got, from where a 416 says that its log ends. */
  async #append(): Promise<void> {
    const { build } = this.#holder();
    for (const piece of this.#plan.log) {
      this.#log += piece;
      let sent = this.#acknowledged;
      while (this.#acknowledged < this.#log.length) {
        const answer = await this.#ask(() => patch(build, sent, this.#log.slice(sent)));
        await this.#expectAcknowledged();
        if (answer === null) continue;
        expect([202, 416]).toContain(answer.status);
        sent = Number(/^0-(\d+)$/.exec(answer.headers.get("Range") ?? "")?.[1]);
        // A range that ends nowhere in this log, or takes back what was acknowledged, is nothing to go on from.
        expect(sent).toBeGreaterThanOrEqual(this.#acknowledged);
        expect(sent).toBeLessThanOrEqual(this.#log.length);
        this.#acknowledged = sent;
      }
    }
  }

  async #expectAcknowledged(): Promise<void> {
    const stored = await this.#trace();
    expect(this.#log.startsWith(stored)).toBe(true);
    expect(stored.length).toBeGreaterThanOrEqual(this.#acknowledged);
  }

  async #upload(): Promise<void> {
    for (const archive of this.#plan.archives) {
      const uploaded = await this.#insist(() => upload(this.#holder().build, [file(archive)]));
      expect(uploaded.status).toBe(201);
      await this.#expectArchive(archive);
    }
  }

  async #expectArchive(archive: Uint8Array): Promise<void> {
    const downloaded = await this.#insist(() => download(this.#holder().build));
    expect(downloaded.status).toBe(200);
    expect(Buffer.compare(new Uint8Array(await downloaded.arrayBuffer()), archive)).toBe(0);
  }

  async #finish(): Promise<void> {
    this.#log += "the end, which no patch has brought\n";
    const report = { state: this.#plan.end, trace: this.#log };
    const finished = await this.#insist(() => this.#put(this.#holder().runnerToken, report));
    expect(finished.status).toBe(200);
    this.#acknowledged = this.#log.length;
    expect(await summaryOf(this.#buildId)).toMatchObject({ status: this.#plan.end });
  }

  #job(path = ""): Promise<Response> {
    return call("GET", `/api/v4/projects/${this.#project.id}/jobs/${this.#buildId}${path}`, { headers: AUTH });
  }

  async #trace(): Promise<string> {
    const trace = await this.#insist(() => this.#job("/trace"));
    expect(trace.status).toBe(200);
    return trace.text();
  }

  /** Moves time to the next alarm and runs it. One that crashes is set again, as the platform would. */
  async #toNextAlarm(beforeMs = Infinity): Promise<boolean> {
    let next: { readonly atMs: number; readonly getStub: () => DurableObjectStub } | null = null;
    const alarms = this.#objects().map(async (getStub) => ({ getStub, atMs: await alarmOf(getStub()) }));
    for (const { getStub, atMs } of await Promise.all(alarms)) {
      if (atMs !== null && atMs < Math.min(beforeMs, next?.atMs ?? Infinity)) next = { atMs, getStub };
    }
    if (next === null) return false;
    const { atMs, getStub } = next;
    vi.setSystemTime(Math.max(Date.now(), atMs));
    const ran = await runDurableObjectAlarm(getStub()).catch(() => false);
    if (ran) return true;
    expect(this.#point.hit).not.toBeNull();
    await vi.waitUntil(() => retryAlarm(getStub(), Date.now() + ALARM_RETRY_MS).catch(() => false));
    return true;
  }

  async #runAlarms(): Promise<void> {
    const untilMs = Date.now() + HORIZON_MS;
    for (let alarms = 0; await this.#toNextAlarm(untilMs); alarms++) expect(alarms).toBeLessThan(MOST_ALARMS);
  }

  /** What clients were told still holds once all alarms have run, wherever it crashed. */
  async #expectSound(): Promise<void> {
    const [id, projectId] = [this.#buildId, this.#project.id];
    const { status, attempt } = await summaryOf(id);
    expect(status).toBe(this.#plan.end);
    // Each attempt was handed out at most once, and the last one to the runner that ended it.
    const keys = await tokenKeys(env);
    const attempts = await Promise.all(this.#handed.map(async ({ build }) => keys.verify(build.token)));
    expect(attempts).toMatchObject([{ id, attempt }]);
    expect(await this.#trace()).toBe(this.#log);
    const archive = this.#plan.archives.at(-1);
    if (archive !== undefined) await this.#expectArchive(archive);
    await expectAgreement(id, projectId);
    if (this.#plan.phase === "creation") expect(await buildsOf(projectId)).toBe(1);
  }
}
