/** The machines that share a runner's token. */
import { accept } from "../../core/refusal.ts";
import type { ConsumerHandler } from "./handler.ts";
import { listMachines } from "../../verbs/runner-records.ts";
import { listResponse } from "./lists.ts";
import { managerEntity } from "./entities/runner.ts";
import { withRunner } from "./targets.ts";

export const listManagers: ConsumerHandler = withRunner(async (context, id) => {
  const machines = await listMachines(context.env, id);
  if (!machines.ok) return machines;
  const nowMs = Date.now();
  return accept(
    await listResponse(context, machines.value, (shown) => shown.map((each) => managerEntity(each, nowMs))),
  );
});
