/** What build, queue, project and bucket must agree on when a finished build has come to rest. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { buildStub, projectStub, queueStub } from "../../../src/stubs.ts";
import { openUploads } from "./points.ts";
import { rowsOf, storedDebts, valueOf } from "../objects/objects.ts";

/** Messages that haven't arrived. */
export const owedMessages = async (buildId: number, projectId: number): Promise<object[]> => {
  const stubs = [queueStub(env), projectStub(env, projectId)];
  const owed = await Promise.all(stubs.map((stub) => rowsOf(stub, "SELECT * FROM outbox")));
  return [...(await storedDebts(buildStub(env, buildId))), ...owed.flat()];
};

/** Have queue and project heard what the build last said? What they acknowledged its row may still name. */
export const areCopiesCurrent = async (buildId: number, projectId: number): Promise<boolean> => {
  const debts = await storedDebts(buildStub(env, buildId));
  const isOwed = (to: string, copies: Record<string, unknown>[]): boolean => {
    const owed = debts.find(({ destination }) => destination === to);
    return owed !== undefined && !copies.some((copy) => Number(copy["revision"]) >= owed.revision);
  };
  const indexed = await rowsOf(projectStub(env, projectId), `SELECT revision FROM build WHERE id = ${buildId}`);
  const queued = await rowsOf(queueStub(env), `SELECT revision FROM build WHERE build_id = ${buildId}`);
  return !isOwed("project", indexed) && !isOwed("queue", queued);
};

/** How many builds the project knows. */
export const buildsOf = async (projectId: number): Promise<number> =>
  (await rowsOf(projectStub(env, projectId), "SELECT id FROM build")).length;

/** Of a build that has ended by a report; its project has no other that hasn't. */
export const expectAgreement = async (buildId: number, projectId: number): Promise<void> => {
  const stub = buildStub(env, buildId);
  const { status, revision, attempt } = valueOf(await stub.summary());
  const events = valueOf(await stub.history()).map(({ event }) => event);
  expect(events.filter((event) => event === "claim")).toHaveLength(attempt);
  expect(events.filter((event) => event === "succeed" || event === "fail")).toHaveLength(1);

  expect(await owedMessages(buildId, projectId)).toEqual([]);
  expect(await rowsOf(queueStub(env), `SELECT * FROM build WHERE project_id = ${projectId}`)).toEqual([]);
  const known = await rowsOf(projectStub(env, projectId), `SELECT status, revision FROM build WHERE id = ${buildId}`);
  expect(known).toEqual([{ status, revision }]);

  const records = await rowsOf(stub, "SELECT state, r2_key FROM artifact ORDER BY r2_key");
  const { objects } = await env.ARTIFACTS.list({ prefix: `builds/${buildId}/` });
  expect(records.map(({ state }) => state)).toEqual(records.map(() => "current"));
  expect(objects.map(({ key }) => key)).toEqual(records.map((row) => row["r2_key"]));
  expect([...openUploads]).toEqual([]);
};
