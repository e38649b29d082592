/** The calls of a runner in the dialect that it speaks, and what in their answers differs from one to the other. */
import type { Archive, BuildKey } from "../clients/runner-wire.ts";
import type { Tongue } from "./tongue.ts";
import type { Attempt, ModelRunner, World } from "./world.ts";

export type Answer =
  | { readonly kind: "build"; readonly build: BuildKey }
  | { readonly kind: "nothing" }
  | { readonly kind: "refused"; readonly status: number };

/** Polls of one runner one after the other: what the first one says has the next one held. */
export const pollsOf = (world: World, runner: ModelRunner, token: string): (() => Promise<Answer>) => {
  if (runner.tongue === "legacy") {
    const client = world.client(token);
    return () => client.poll();
  }
  const client = world.modernClient(runner, token);
  return async () => {
    const answer = await client.poll();
    return answer.kind === "job" ? { kind: "build", build: answer.job } : answer;
  };
};

export interface Patched {
  readonly status: number;
  /** What the build is said to be. */
  readonly said: string | null;
  readonly length: number | null;
}

/** To a build that has ended: it says so, and in which way depends on the dialect. */
export const CLOSED: Readonly<Record<Tongue, number>> = { legacy: 202, modern: 403, "two-phase": 403 };

export const patch = async (
  world: World,
  { runner, claimed }: Attempt,
  token: string,
  offset: number,
  bytes: Uint8Array,
): Promise<Patched> => {
  if (runner.tongue === "legacy") {
    const { status, buildStatus: said, length } = await world.client(token).appendTrace(claimed, offset, bytes);
    return { status, said, length };
  }
  const {
    status,
    jobStatus: said,
    length,
  } = await world.modernClient(runner, token).appendTrace(claimed, offset, bytes);
  return { status, said, length };
};

/** By today's dialect a second archive must be the first one. */
export const upload = (world: World, { runner, claimed }: Attempt, token: string, archive: Archive): Promise<number> =>
  runner.tongue === "legacy"
    ? world.client(token).uploadArtifacts(claimed, archive)
    : world.modernClient(runner, token).uploadArtifacts(claimed, archive);

export const download = (world: World, { runner, claimed }: Attempt, token: string): Promise<Uint8Array | number> =>
  runner.tongue === "legacy"
    ? world.client(token).downloadArtifacts(claimed)
    : world.modernClient(runner, token).downloadArtifacts(claimed);
