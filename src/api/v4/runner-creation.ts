/** `POST /user/runners`: a runner is made first, and a machine registers with its token, which begins with `glrt-`. */
import * as v from "valibot";
import { accept, refuse } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import { DEFAULT_RUNNER_SETTINGS } from "../../core/runner/runner.ts";
import { looseInteger } from "../../http/loose.ts";
import { settingFields, runnerSettingsOf } from "../../http/runner-settings.ts";
import { findProject } from "../../verbs/projects.ts";
import { createRunner as create } from "../../verbs/runners.ts";
import { NOT_IN_LIST, readForm } from "./form.ts";
import type { ConsumerHandler } from "./handler.ts";

const creationForm = v.object({
  ...settingFields,
  runner_type: v.picklist(["instance_type", "group_type", "project_type"], NOT_IN_LIST),
  project_id: v.optional(looseInteger),
});

type Creation = v.InferOutput<typeof creationForm>;

export const createRunner: ConsumerHandler = async (context) => {
  const form = await readForm(context, creationForm);
  if (!form.ok) return form;
  const settings = runnerSettingsOf(form.value);
  if (!settings.ok) return settings;
  const projectId = await servedProject(context.env, form.value);
  if (!projectId.ok) return projectId;
  const runner = await create(context.env, projectId.value, { ...DEFAULT_RUNNER_SETTINGS, ...settings.value });
  if (!runner.ok) return runner;
  return accept(context.json({ id: runner.value.id, token: runner.value.token, token_expires_at: null }, 201));
};

/** Null for a runner that serves all. */
const servedProject = async (
  env: Env,
  { runner_type: type, project_id: id }: Creation,
): Promise<Outcome<number | null>> => {
  switch (type) {
    case "instance_type":
      return accept(null);
    case "group_type":
      return refuse({
        reason: "invalid",
        field: "runner_type",
        message: "can not be group_type: groups have no runners here",
      });
    case "project_type": {
      if (id === undefined) return refuse({ reason: "invalid", field: "project_id", message: "is missing" });
      const project = await findProject(env, id);
      return project.ok ? accept(project.value.id) : project;
    }
  }
};
