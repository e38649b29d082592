/**
 * The part of GitLab's repository API by which dashboards and `glab` find pipelines. The repository is on another host: there
 * is what builds had, each branch, tag and commit as the latest build of it says.
 */
import * as v from "valibot";
import type { Project } from "../../core/project.ts";
import { accept, refuse } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import type { BuildSummary } from "../../core/build/summary.ts";
import { looseString } from "../../http/loose.ts";
import { readPage } from "../../http/pagination.ts";
import { originOf } from "../../http/public-url.ts";
import type { FrontContext } from "../../http/front.ts";
import { latestBuild, listRefs } from "../../verbs/refs.ts";
import { branchEntity, commitWithPipelineEntity, tagEntity } from "./entities/ref.ts";
import { readForm } from "./form.ts";
import type { ConsumerHandler } from "./handler.ts";
import { listResponse, offsetOf, pageResponse } from "./lists.ts";
import { withProject } from "./targets.ts";

type Kind = "branch" | "tag";
type Present = (build: BuildSummary, project: Project, origin: string) => object;

const PRESENT: Readonly<Record<Kind | "commit", Present>> = {
  branch: branchEntity,
  tag: tagEntity,
  commit: commitWithPipelineEntity,
};

const listForm = v.object({ search: v.optional(looseString, "") });

const listing = (kind: Kind): ConsumerHandler =>
  withProject(async (context, project) => {
    const form = await readForm(context, listForm);
    if (!form.ok) return form;
    const page = readPage(context.req.query());
    const offset = offsetOf(page);
    const query = { kind, search: form.value.search, limit: page.perPage, offset };
    const refs = await listRefs(context.env, project.id, query);
    if (!refs.ok) return refs;
    const { latest, total } = refs.value;
    const entities = latest.map((build) => PRESENT[kind](build, project, originOf(context)));
    return accept(pageResponse(context, entities, page, total, offset + entities.length < total));
  });

export const listBranches = listing("branch");
export const listTags = listing("tag");

const showing = (kind: Kind | "commit"): ConsumerHandler =>
  withProject(async (context, project) => {
    const build = await latestBuild(context.env, project.id, kind, context.req.param("ref_name") ?? "");
    return build.ok ? refResponse(context, kind, build.value, project) : build;
  });

const refResponse = (
  context: FrontContext,
  kind: Kind | "commit",
  build: BuildSummary | null,
  project: Project,
): Outcome<Response> =>
  build === null
    ? refuse({ reason: "not_found", what: kind })
    : accept(context.json(PRESENT[kind](build, project, originOf(context))));

export const showBranch = showing("branch");
export const showTag = showing("tag");
export const showCommit = showing("commit");

/** What no project has, asked for by programs that look for pipelines there, too. */
export const listNothing: ConsumerHandler = withProject(async (context) =>
  accept(await listResponse(context, [], () => [])),
);
