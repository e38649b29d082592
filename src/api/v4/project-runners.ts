/** The runners of a project: list, enable, disable. */
import * as v from "valibot";
import { accept } from "../../core/refusal.ts";
import { looseInteger } from "../../http/loose.ts";
import { parseId } from "../../http/ids.ts";
import { concerns } from "../../http/request-log.ts";
import * as records from "../../verbs/runner-records.ts";
import { runnerEntity } from "./entities/runner.ts";
import { readForm } from "./form.ts";
import type { ConsumerHandler } from "./handler.ts";
import { runnerListResponse } from "./runners.ts";
import { withProject } from "./targets.ts";

/** Its own, and the instance's where it lets these have its jobs. */
export const listProjectRunners: ConsumerHandler = withProject(async (context, { id, sharedRunnersEnabled }) =>
  runnerListResponse(context, { id, sharedRunnersEnabled }),
);

const enableForm = v.object({ runner_id: v.pipe(looseInteger, v.minValue(1)) });

export const enableRunner: ConsumerHandler = withProject(async (context, { id }) => {
  const form = await readForm(context, enableForm);
  if (!form.ok) return form;
  concerns({ runner: form.value.runner_id });
  const runner = await records.enableRunner(context.env, form.value.runner_id, id);
  return runner.ok ? accept(context.json(runnerEntity(runner.value, Date.now()), 201)) : runner;
});

export const disableRunner: ConsumerHandler = withProject(async (context, { id }) => {
  const runnerId = parseId(context.req.param("runner_id")) ?? 0;
  concerns({ runner: runnerId });
  const disabled = await records.disableRunner(context.env, runnerId, id);
  return disabled.ok ? accept(context.body(null, 204)) : disabled;
});
