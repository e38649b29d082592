/** What people see of a build while its runner works, and a runner that waits. */
import { withoutEndNote } from "../end-note.ts";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { Project } from "../../../src/core/project.ts";
import { queueStub } from "../../../src/stubs.ts";
import { consumer, entity } from "../objects/fixtures.ts";
import type { Entity } from "../objects/fixtures.ts";
import { runnerIdOf } from "./fake-runner.ts";
import { advance, valueOf } from "../objects/objects.ts";

type Job = Entity & { readonly status: string };

const pathOf = (project: Pick<Project, "id">, id: number) => `/projects/${project.id}/jobs/${id}`;

export const jobOf = async (project: Pick<Project, "id">, id: number): Promise<Job> =>
  (await entity(200, "GET", pathOf(project, id))) as Job;

export const listedJob = async (project: Pick<Project, "id">, id: number): Promise<Entity | undefined> =>
  (await (await consumer("GET", `/projects/${project.id}/jobs`)).json<Entity[]>()).find((job) => job.id === id);

export const cancelJob = async (project: Pick<Project, "id">, id: number, force = false): Promise<Job> =>
  (await entity(201, "POST", `${pathOf(project, id)}/cancel`, { body: { force } })) as Job;

/** What the build's history says, newest last: `event: status` or, where there are words for it, these. */
export const historyOf = async (project: Pick<Project, "id">, id: number): Promise<string[]> => {
  const response = await consumer("GET", `${pathOf(project, id)}/history`);
  const entries = await response.json<{ event: string; status: string; detail: string | null }[]>();
  return entries.map(({ event, status, detail }) => detail ?? `${event}: ${status}`);
};

/** What the runner has written, as `GET …/trace` shows it. */
export const logShown = async (project: Pick<Project, "id">, id: number): Promise<string> =>
  withoutEndNote(await (await consumer("GET", `${pathOf(project, id)}/trace`)).text());

/** A poll that its queue holds, with time held still by the test. */
export const heldPoll = async <Answer extends object>(runner: { readonly token: string; poll(): Promise<Answer> }) => {
  // The first answer brings the cursor without which no poll is held.
  expect(await runner.poll()).toEqual({ kind: "nothing" });
  advance(1);
  const answer = runner.poll();
  const state = { isAnswered: false };
  void answer.then(() => (state.isAnswered = true));
  const contactedAtMs = async () => valueOf(await queueStub(env).runner(runnerIdOf(runner.token))).contactedAtMs;
  while ((await contactedAtMs()) !== Date.now()) continue;
  return { answer, state };
};
