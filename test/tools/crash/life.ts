/**
 * A build's whole life by clients that do what real ones do when an answer doesn't come: they ask again. One phase of it
 * may have a crash in it; what must hold afterwards is in `#expectSound`.
 */
import { withoutEndNote } from "../end-note.ts";
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { tokenKeys } from "../../../src/settings.ts";
import type { Project } from "../../../src/core/project.ts";
import { buildStub, directoryStub, projectStub, queueStub } from "../../../src/stubs.ts";
import { areCopiesCurrent, buildsOf, expectAgreement } from "./agreement.ts";
import { CrashPoint, during, openUploads } from "./points.ts";
import type { Dialect } from "../runners/dialects.ts";
import type { FakeRunner, Word, Work } from "../runners/fake-runner.ts";
import { newProject, runnersToken, summaryOf } from "../clients/legacy-api.ts";
import { archiveOf } from "../runners/lives.ts";
import { advance, alarmOf, alterTrace, rowsOf, valueOf } from "../objects/objects.ts";
import { MAX_TRIES, PatientClient } from "./patient-client.ts";

const WHOLE_LIFE = ["creation", "claim", "append", "upload", "finish", "upkeep"] as const;
/** Cut off by the removal of its project, while an upload is under way. */
const CUT_OFF = ["creation", "claim", "append", "upload", "removal"] as const;
export type Phase = (typeof WHOLE_LIFE | typeof CUT_OFF)[number];

/** What differs from life to life. */
export interface Plan {
  readonly phase: Phase;
  readonly end: "success" | "failed";
  /** What the runner appends in the phase of that name. */
  readonly log: readonly string[];
  /** Uploaded one after the other, the last one stays. */
  readonly archives: readonly Uint8Array[];
  /** Before the end storage has another log. */
  readonly isDamaged?: boolean;
  /** Crashes at these writes alone, where the others are those of a plan that costs less. */
  readonly only?: readonly string[];
}

/** Long enough for every lease, retry and sweep, and far from a finished build's end. */
const HORIZON_MS = 2 * 3_600_000;
/** Long enough for a removal that is tried again, and shorter than an upload may take. */
const REMOVAL_MS = 1_800_000;
const MAX_ALARMS = 200;
const AWAY_MS = 3_600_000;
const ALARM_RETRY_MS = 2000;

const retryAlarm = (stub: DurableObjectStub, atMs: number): Promise<boolean> =>
  runInDurableObject(stub, async (_instance, { storage }) => {
    if ((await storage.getAlarm()) === null) await storage.setAlarm(atMs);
    return true;
  });

/** A project with two runners of its own, for one life after the other. */
export interface Site {
  readonly project: Project;
  readonly dialect: Dialect;
  readonly runnerTokens: readonly string[];
}

export const newSite = async (dialect: Dialect): Promise<Site> => {
  const project = await newProject();
  const token = await runnersToken(project);
  const runners = [await dialect.register(token), await dialect.register(token)];
  // All lives on a site write the same: machines are known from here on.
  for (const runner of runners) await runner.poll();
  return { project, dialect, runnerTokens: runners.map((runner) => runner.token) };
};

const LAST_WORDS = "the end, which no patch has brought\n";

export class Life {
  readonly #plan: Plan;
  readonly #point: CrashPoint;
  readonly #project: Project;
  readonly #site: Site;
  readonly #client: PatientClient;
  #buildId: number;
  readonly #handed: { readonly work: Work; readonly runner: FakeRunner }[] = [];
  /** Has everybody heard what there was to say? */
  #isOver = (): Promise<boolean> => areCopiesCurrent(this.#buildId, this.#project.id);
  /** Where an upload writes whose Worker will die. */
  #uploadKey = "";
  /** What the runner has printed, and how much of it the server has acknowledged. */
  #log = "";
  #acknowledged = 0;

  private constructor(plan: Plan, point: CrashPoint, site: Site, buildId: number) {
    this.#plan = plan;
    this.#point = point;
    this.#project = site.project;
    this.#site = site;
    this.#client = new PatientClient(point);
    this.#buildId = buildId;
  }

  /** Lives a whole life, or one up to its project's removal. A plan whose phase is the creation or that needs a new site. */
  static async live(plan: Plan, point: CrashPoint, site: Site): Promise<void> {
    // Whoever is heard of has not been heard of for some time.
    advance(AWAY_MS);
    // A project that has leased no numbers yet begins with the first of the next block.
    const [leased] = await rowsOf(directoryStub(env), "SELECT next FROM number WHERE kind = 'build'");
    const life = new Life(plan, point, site, Number(leased?.["next"] ?? 1));
    const phases: Record<Phase, () => Promise<void>> = {
      creation: () => life.#create(),
      claim: () => life.#claim(),
      append: () => life.#append(),
      upload: () => life.#upload(),
      finish: () => life.#finish(),
      upkeep: () => life.#runAlarms(HORIZON_MS),
      removal: () => life.#remove(),
    };
    const isCutOff = plan.phase === "removal";
    for (const phase of isCutOff ? CUT_OFF : WHOLE_LIFE) {
      if (phase === "removal") await life.#beginUpload();
      if (phase === "finish" && plan.isDamaged === true)
        await alterTrace(buildStub(env, life.#buildId), (bytes) => bytes.fill(0x3f));
      if (phase === plan.phase) await life.#withCrash(phases[phase]);
      else await phases[phase]();
    }
    await (isCutOff ? life.#expectNothing() : life.#expectSound());
  }

  async #withCrash(body: () => Promise<void>): Promise<void> {
    await during(this.#point, this.#objects(), body, () => this.#isOver());
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

  async #create(): Promise<void> {
    const path = `/projects/${this.#project.id}/jobs`;
    const headers = { "Idempotency-Key": crypto.randomUUID() };
    const create = () => this.#client.admin("POST", path, { json: { name: "unit", script: ["true"] }, headers });
    const created = await create();
    expect(created.status).toBe(201);
    this.#buildId = (await created.json<{ id: number }>()).id;
    expect(await (await create()).json()).toMatchObject({ id: this.#buildId });
  }

  async #claim(): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES && this.#handed.length === 0; tries++) {
      for (const token of this.#site.runnerTokens) await this.#poll(token);
      if (this.#handed.length === 0) await this.#toNextAlarm();
    }
    expect(this.#handed).toHaveLength(1);
    const { work, runner } = this.#holder();
    expect(work.id).toBe(this.#buildId);
    expect(await this.#client.insist(() => runner.begin(work))).toBe("ok");
  }

  async #poll(token: string): Promise<void> {
    // Without a cursor, so that it isn't held.
    const runner = this.#site.dialect.known(token, this.#client.fetch);
    const asked = await this.#client.ask(() => runner.poll());
    if (asked?.kind === "work") this.#handed.push({ work: asked.work, runner });
    else expect(asked?.kind ?? "nothing").toBe("nothing");
  }

  #holder() {
    const holder = this.#handed.at(-1);
    if (holder === undefined) throw new Error("nobody has the build");
    return holder;
  }

  /** As runners do: sends what the server hasn't got, from where a 416 says that its log ends. */
  async #append(): Promise<void> {
    const { work, runner } = this.#holder();
    for (const piece of this.#plan.log) {
      this.#log += piece;
      for (let unsaid = piece; this.#acknowledged < this.#log.length; unsaid = "") {
        const word = await this.#client.ask(() => runner.append(work, unsaid));
        await this.#expectAcknowledged();
        if (word !== null) this.#acknowledged = this.#lengthIn(word);
      }
    }
  }

  /** A word that ends nowhere in this log, or takes back what was acknowledged, is nothing to go on from. */
  #lengthIn(word: Word): number {
    const resumed = /^resend from (\d+)$/.exec(word)?.[1];
    if (resumed === undefined) expect(word).toBe("ok");
    const length = resumed === undefined ? this.#log.length : Number(resumed);
    expect(length).toBeGreaterThanOrEqual(this.#acknowledged);
    expect(length).toBeLessThanOrEqual(this.#log.length);
    return length;
  }

  async #expectAcknowledged(): Promise<void> {
    const stored = await this.#trace();
    expect(this.#log.startsWith(stored)).toBe(true);
    expect(stored.length).toBeGreaterThanOrEqual(this.#acknowledged);
  }

  async #upload(): Promise<void> {
    const { work, runner } = this.#holder();
    for (const archive of this.#plan.archives) {
      expect(await this.#client.insist(() => runner.upload(work, archiveOf(archive)))).toBe("ok");
      await this.#expectArchive(archive);
    }
  }

  async #expectArchive(archive: Uint8Array): Promise<void> {
    const downloaded = await this.#job("/artifacts");
    expect(downloaded.status).toBe(200);
    expect(Buffer.compare(new Uint8Array(await downloaded.arrayBuffer()), archive)).toBe(0);
  }

  async #finish(): Promise<void> {
    const { work, runner } = this.#holder();
    const { end } = this.#plan;
    this.#log += LAST_WORDS;
    let word: Word | null = null;
    for (let tries = 0; word !== "ok" && tries < MAX_TRIES; tries++) {
      const unsaid = tries === 0 ? LAST_WORDS : "";
      word = await this.#client.ask(() => runner.finish(work, end, unsaid));
      expect(word ?? "ok").toMatch(/^(ok|resend|resend from \d+)$/);
    }
    expect(word).toBe("ok");
    this.#acknowledged = this.#log.length;
    expect(await summaryOf(this.#buildId)).toMatchObject({ status: end });
  }

  #job(path = ""): Promise<Response> {
    return this.#client.admin("GET", `/projects/${this.#project.id}/jobs/${this.#buildId}${path}`);
  }

  async #trace(): Promise<string> {
    const trace = await this.#job("/trace");
    expect(trace.status).toBe(200);
    return withoutEndNote(await trace.text());
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

  async #runAlarms(horizonMs: number): Promise<void> {
    const untilMs = Date.now() + horizonMs;
    for (let alarms = 0; await this.#toNextAlarm(untilMs); alarms++) expect(alarms).toBeLessThan(MAX_ALARMS);
  }

  async #beginUpload(): Promise<void> {
    const { attempt } = await summaryOf(this.#buildId);
    const begun = await buildStub(env, this.#buildId).beginArtifact({ by: "attempt", attempt }, "archive", "zip");
    this.#uploadKey = valueOf(begun).key;
  }

  async #remove(): Promise<void> {
    this.#isOver = () => this.#isGone();
    const { status } = await this.#client.admin("DELETE", `/projects/${this.#project.id}`);
    // One whose answer was lost has worked.
    expect(status).toBe(this.#point.hit !== null && status === 404 ? 404 : 202);
    await this.#runAlarms(REMOVAL_MS);
  }

  async #isGone(): Promise<boolean> {
    const [id, projectId] = [this.#buildId, this.#project.id];
    const left = await Promise.all([
      rowsOf(projectStub(env, projectId), "SELECT 1 FROM sqlite_master WHERE name = 'project'"),
      rowsOf(directoryStub(env), `SELECT 1 FROM project WHERE id = ${projectId}`),
      rowsOf(queueStub(env), `SELECT 1 FROM build WHERE project_id = ${projectId}`),
      rowsOf(queueStub(env), `SELECT 1 FROM runner_build WHERE build_id = ${id}`),
      rowsOf(queueStub(env), `SELECT 1 FROM stopped_project WHERE project_id = ${projectId}`),
    ]);
    return left.flat().length === 0 && !(await buildStub(env, id).summary()).ok;
  }

  /** Also not what the upload wrote after all: the runner's Worker has died without a word. */
  async #expectNothing(): Promise<void> {
    expect(await this.#isGone()).toBe(true);
    await env.ARTIFACTS.put(this.#uploadKey, "too late");
    await this.#runAlarms(HORIZON_MS);
    expect(await this.#isGone()).toBe(true);
    expect((await env.ARTIFACTS.list({ prefix: `builds/${this.#buildId}/` })).objects).toEqual([]);
    expect(await rowsOf(buildStub(env, this.#buildId), "SELECT 1 FROM sqlite_master WHERE name = 'artifact'")).toEqual(
      [],
    );
    expect([...openUploads]).toEqual([]);
  }

  /** What clients were told still holds once all alarms have run, wherever it crashed. */
  async #expectSound(): Promise<void> {
    const [id, projectId] = [this.#buildId, this.#project.id];
    const { status, attempt } = await summaryOf(id);
    expect(status).toBe(this.#plan.end);
    // Each attempt was handed out at most once, and the last one to the runner that ended it.
    const keys = tokenKeys(env);
    const attempts = this.#handed.map(({ work }) => keys.verify(work.token));
    expect(attempts).toMatchObject([{ id, attempt }]);
    expect(await this.#trace()).toBe(this.#log);
    const archive = this.#plan.archives.at(-1);
    if (archive !== undefined) await this.#expectArchive(archive);
    await expectAgreement(id, projectId);
    if (this.#plan.phase === "creation") expect(await buildsOf(projectId)).toBe(1);
  }
}
