/** The machines that share a runner's token, as its administrator sees them. */
import { accept } from "../../core/refusal.ts";
import { queueStub } from "../../stubs.ts";
import { retrying } from "../../verbs/call.ts";
import { readPage } from "../../http/pagination.ts";
import type { Handler } from "../../http/front.ts";
import { pageOf, pageResponse } from "./lists.ts";
import { managerEntity } from "./runner-entity.ts";
import { withRunner } from "./targets.ts";

export const listManagers: Handler = withRunner(async (context, id) => {
  const managers = await retrying(async () => queueStub(context.env).machinesOf(id));
  if (!managers.ok) return managers;
  const page = readPage(context.req.query());
  const nowMs = Date.now();
  const total = managers.value.length;
  const entities = pageOf(managers.value, page).map((manager) => managerEntity(manager, nowMs));
  return accept(pageResponse(context, entities, page, total, page.page * page.perPage < total));
});
