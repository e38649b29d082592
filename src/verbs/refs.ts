/** What is known of a project's repository: the branches, tags and commits that its builds had. */
import type { BuildSummary } from "../core/build/summary.ts";
import type { Outcome } from "../core/refusal.ts";
import type { RefList, RefQuery } from "../projects/refs.ts";
import { projectStub } from "../stubs.ts";
import { retrying } from "./call.ts";

/** Errors: `not_found` project. */
export const listRefs = (env: Env, projectId: number, query: RefQuery): Promise<Outcome<RefList>> =>
  retrying(async () => projectStub(env, projectId).listRefs(query));

/** The latest build of it, null when there is none. Errors: `not_found` project. */
export const latestBuild = (
  env: Env,
  projectId: number,
  kind: RefQuery["kind"] | "commit",
  reference: string,
): Promise<Outcome<BuildSummary | null>> =>
  retrying(async () => projectStub(env, projectId).latestBuild(kind, reference));
