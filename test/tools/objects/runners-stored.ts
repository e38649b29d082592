/** Runners and machines as the queue has them, all at once. */
import { env } from "cloudflare:workers";
import { queueStub } from "../../../src/stubs.ts";
import { valueOf } from "./objects.ts";

const ALL = { offset: 0, limit: 10_000 };

/** In the order of their ids; from their own rows, so with all that they say of themselves. */
export const allRunners = async () => {
  const { items } = await queueStub(env).listRunners({ tags: [], versionPrefix: "", project: null }, ALL);
  const runners = await Promise.all(items.toReversed().map(({ id }) => queueStub(env).runner(id)));
  return runners.map(valueOf);
};

export const allMachines = async (runnerId: number) => valueOf(await queueStub(env).machinesOf(runnerId, ALL)).items;
