/** What a trace must not show. */
import { tokenKeys } from "../config.ts";
import type { Env } from "../config.ts";
import type { Build } from "../core/build.ts";
import type { ProjectSnapshot } from "../core/spec.ts";
import { DEFAULT_QUEUE } from "../stubs.ts";

/** Every token that a build's trace may betray, under each secret that may have signed it. */
export const secretsToMask = async (env: Env, build: Build, project: ProjectSnapshot): Promise<Uint8Array[]> => {
  const keys = await tokenKeys(env);
  const attempts = Array.from({ length: build.attempt }, (_, index) => index + 1);
  const tokens = await Promise.all([
    keys.signWithAll({ kind: "project", queue: DEFAULT_QUEUE, id: project.id, epoch: project.tokenEpoch }),
    ...attempts.map((attempt) => keys.signWithAll({ kind: "build", queue: DEFAULT_QUEUE, id: build.id, attempt })),
  ]);
  const encoder = new TextEncoder();
  return tokens.flat().map((token) => encoder.encode(token));
};
