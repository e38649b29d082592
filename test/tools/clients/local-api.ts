/** The API of a real server, as its administrator and its runners call it. */
import { DEVELOPMENT_SECRETS } from "../../../scripts/local-settings.ts";
import type { LegacyBuild } from "./legacy-build.ts";
import { LegacyClient } from "./legacy-client.ts";

export const consumer = async (url: string, body?: object): Promise<Response> =>
  fetch(url, {
    method: body === undefined ? "GET" : "POST",
    headers: { "PRIVATE-TOKEN": DEVELOPMENT_SECRETS.ADMIN_TOKEN, "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

const idOf = async (response: Response): Promise<number> => {
  if (response.status !== 201) throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
  return (await response.json<{ id: number }>()).id;
};

export const createProject = async (url: string): Promise<number> =>
  idOf(await consumer(`${url}/api/v4/projects`, { name: "kept" }));

export const createJob = async (url: string, projectId: number): Promise<number> =>
  idOf(
    await consumer(`${url}/api/v4/projects/${projectId}/jobs`, {
      name: "unit",
      stage: "test",
      ref: "main",
      sha: "5f0c3a9d1e7b42869a0d3c5e8f1b274690acde13",
      script: ["true"],
    }),
  );

export const registerRunner = (url: string): Promise<LegacyClient> =>
  LegacyClient.register(url, DEVELOPMENT_SECRETS.REGISTRATION_TOKEN);

export interface ClaimedJob {
  readonly projectId: number;
  readonly runner: LegacyClient;
  readonly build: LegacyBuild;
}

/** A project with one build, claimed by a runner. */
export const claimBuild = async (url: string): Promise<ClaimedJob> => {
  const projectId = await createProject(url);
  await createJob(url, projectId);
  const runner = await registerRunner(url);
  const answer = await runner.poll();
  if (answer.kind !== "build") throw new Error(`the runner got ${answer.kind}`);
  return { projectId, runner, build: answer.build };
};
