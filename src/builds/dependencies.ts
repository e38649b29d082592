/** What a claiming runner is told of the builds whose artifacts it is to fetch. */
import { tokenKeys } from "../settings.ts";
import type { ClaimedDependency } from "../core/build/claimed.ts";
import { buildStub, DEFAULT_QUEUE } from "../stubs.ts";

/** Those that are still there, with tokens for this attempt of the dependant; one that was removed is left out. */
export const describeDependencies = async (
  env: Env,
  ids: readonly number[],
  dependant: { readonly id: number; readonly attempt: number },
): Promise<ClaimedDependency[]> => {
  const described = await Promise.all(ids.map((id) => describe(env, id, dependant)));
  return described.filter((each) => each !== null);
};

const describe = async (
  env: Env,
  id: number,
  dependant: { readonly id: number; readonly attempt: number },
): Promise<ClaimedDependency | null> => {
  const dependency = await buildStub(env, id).dependency();
  if (!dependency.ok) return null;
  const claims = { queue: DEFAULT_QUEUE, id, dependant: dependant.id, attempt: dependant.attempt };
  return { ...dependency.value, downloadToken: tokenKeys(env).sign({ kind: "download", ...claims }) };
};
