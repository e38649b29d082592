/** What build, queue, project and bucket must agree on when a finished build has come to rest. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { buildStub, projectStub, queueStub } from "../../src/stubs.ts";
import { openUploads } from "./crash-points.ts";
import { rowsOf, valueOf } from "./objects.ts";

/** Messages that haven't arrived. */
export const owedMessages = async (buildId: number, projectId: number): Promise<object[]> => {
  const stubs = [buildStub(env, buildId), queueStub(env), projectStub(env, projectId)];
  return (await Promise.all(stubs.map((stub) => rowsOf(stub, "SELECT * FROM outbox")))).flat();
};

/** Have queue and project heard what the build last said? Rows of what they acknowledged may wait for its next write. */
export const areCopiesCurrent = async (buildId: number, projectId: number): Promise<boolean> => {
  const owedTo = async (destination: string, copies: Record<string, unknown>[]): Promise<boolean> => {
    const query = `SELECT revision FROM outbox WHERE destination = '${destination}'`;
    const [owed] = await rowsOf(buildStub(env, buildId), query);
    return owed !== undefined && !copies.some((copy) => Number(copy["revision"]) >= Number(owed["revision"]));
  };
  const indexed = await rowsOf(projectStub(env, projectId), `SELECT revision FROM build WHERE id = ${buildId}`);
  const queued = await rowsOf(queueStub(env), `SELECT revision FROM build WHERE build_id = ${buildId}`);
  return !(await owedTo("project", indexed)) && !(await owedTo("queue", queued));
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
