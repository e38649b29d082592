/** Steps that many scenarios of a build's life have in common. */
import { evictAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { BuildSpec } from "../../../src/core/build/spec.ts";
import { buildStub } from "../../../src/stubs.ts";
import { runnerFor, workFor } from "./dialects.ts";
import type { Dialect } from "./dialects.ts";
import type { FakeRunner, Work } from "./fake-runner.ts";
import { enqueue, newProject, valueOf } from "../clients/legacy-api.ts";
import type { Archive } from "../clients/runner-wire.ts";

export async function* inTwo(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  const middle = bytes.length >> 1;
  yield bytes.slice(0, middle);
  yield bytes.slice(middle);
}

export const archiveOf = (bytes: Uint8Array, expireIn?: string): Archive => ({
  filename: "out.zip",
  content: inTwo(bytes),
  expireIn,
});

/** Begins, streams the log, does `besides`, and says the end with words that no patch has brought. */
export const workThrough = async (
  runner: FakeRunner,
  work: Work,
  lines: readonly string[],
  besides: () => Promise<void> = async () => {},
  end: "success" | "failed" = "success",
): Promise<void> => {
  expect(await runner.begin(work)).toBe("ok");
  for (const line of lines) {
    expect(await runner.append(work, line)).toBe("ok");
    // Memory is dispensable: whatever matters is in storage.
    await evictAllDurableObjects();
  }
  await besides();
  expect(await runner.finish(work, end, "Job ended\n")).toBe("ok");
};

/** Which statuses a build has had, one after the other. */
export const statusesOf = async (buildId: number): Promise<string[]> =>
  valueOf(await buildStub(env, buildId).history())
    .map(({ status }) => status)
    .filter((status, index, all) => status !== all[index - 1]);

/** A build that a runner of its own has begun, with `text` in its log. */
export const beginWork = async (dialect: Dialect, text: string, change: Partial<BuildSpec> = {}) => {
  const project = await newProject();
  const runner = await runnerFor(dialect, project);
  await enqueue(project, change);
  const work = await workFor(runner);
  expect(await runner.begin(work)).toBe("ok");
  expect(await runner.append(work, text)).toBe("ok");
  return { project, runner, work };
};
