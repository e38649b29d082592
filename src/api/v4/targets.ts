/** What a path names. No object is called for an id that its project, the directory or the queue doesn't know. */
import type { Actor } from "../../core/principal.ts";
import { refuse } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import type { Project } from "../../core/project.ts";
import type { FrontContext } from "../../http/front.ts";
import type { ConsumerHandler } from "./handler.ts";
import { parseId } from "../../http/ids.ts";
import { concerns } from "../../http/request-log.ts";
import { hasBuild } from "../../verbs/builds.ts";
import { findProject } from "../../verbs/projects.ts";

/** A job that its project has. */
export interface Job {
  readonly id: number;
  readonly project: Project;
}

const noProject = refuse({ reason: "not_found", what: "project" });

/** By id, or by full path, which comes URL-encoded as one segment (`group%2Fname`). */
export const withProject =
  (handle: (context: FrontContext, project: Project, asker: Actor) => Promise<Outcome<Response>>): ConsumerHandler =>
  async (context, asker) => {
    const reference = context.req.param("id") ?? "";
    const project = await findProject(context.env, parseId(reference) ?? reference);
    if (!project.ok) return project;
    // To a job other projects are not there.
    if (asker.kind === "job" && asker.projectId !== project.value.id) return noProject;
    return handle(context, project.value, asker);
  };

export const withJob = (
  handle: (context: FrontContext, job: Job, asker: Actor) => Promise<Outcome<Response>>,
): ConsumerHandler =>
  withProject(async (context, project, asker) => {
    const id = parseId(context.req.param("job_id"));
    concerns({ build: id });
    const isKnown = id !== null && (await hasBuild(context.env, project.id, id));
    return isKnown ? handle(context, { id, project }, asker) : refuse({ reason: "not_found", what: "build" });
  });

export const withRunner =
  (handle: (context: FrontContext, id: number) => Promise<Outcome<Response>>): ConsumerHandler =>
  async (context) => {
    const id = parseId(context.req.param("id"));
    concerns({ runner: id });
    return id === null ? refuse({ reason: "not_found", what: "runner" }) : handle(context, id);
  };
