/** The machines that share a runner's token. */
import { accept } from "../../core/refusal.ts";
import { listMachines } from "../../verbs/runner-records.ts";
import type { ConsumerHandler } from "./handler.ts";
import { managerEntity } from "./entities/runner.ts";
import { partResponse, sliceOf } from "./lists.ts";
import { withRunner } from "./targets.ts";

export const listManagers: ConsumerHandler = withRunner(async (context, id) => {
  const machines = await listMachines(context.env, id, sliceOf(context));
  if (!machines.ok) return machines;
  const nowMs = Date.now();
  return accept(partResponse(context, machines.value, (each) => managerEntity(each, nowMs)));
});
