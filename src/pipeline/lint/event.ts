/** An event as somebody describes it who wants to see what a file would do for it, and the context that compiling takes. */
import { isFullRef, readRef } from "../../core/ref.ts";
import { refSlug } from "../../core/ref-slug.ts";
import type { ContextVariable, PipelineContext, PipelineSource } from "../context.ts";

export interface AskedEvent {
  /**
   * Branch or tag name, also as `refs/heads/x` or `refs/tags/x`. For a request its source branch, or
   * `refs/merge-requests/N/head`. "" for the default branch.
   */
  readonly ref: string;
  /** The ref is a tag's name. */
  readonly tag: boolean;
  /** Null if it doesn't matter. */
  readonly sha: string | null;
  readonly source: PipelineSource;
  readonly defaultBranch: string;
  /** `group/project`; null if it has no name. */
  readonly project: string | null;
  /** What is known of server and project. What the event says itself beats it. */
  readonly predefined: readonly ContextVariable[];
  /** As given when a pipeline is started: they beat all others. */
  readonly variables: readonly ContextVariable[];
  /** Null if they are not known. */
  readonly changes: readonly string[] | null;
  /** Null if it isn't known. */
  readonly tree: readonly string[] | null;
}

/** Those whose changed paths GitLab knows. For all others, and for tags, `changes` counts as true there. */
const WITH_CHANGES: ReadonlySet<PipelineSource> = new Set([
  "push",
  "merge_request_event",
  "external_pull_request_event",
]);

const REQUESTS: ReadonlySet<PipelineSource> = new Set(["merge_request_event", "external_pull_request_event"]);

/** Nobody knows its number before it is there. */
const ANY_REQUEST = "1";

const NO_COMMIT = "0".repeat(40);

/** Null for a ref that git would refuse. */
export const contextOf = (event: AskedEvent): PipelineContext | null => {
  const read = readRef(event.ref === "" ? event.defaultBranch : event.ref, event.tag);
  if (read === null) return null;
  const { source, defaultBranch, changes, tree, predefined, variables } = event;
  const isRequest = REQUESTS.has(source) && !read.isTag;
  const sha = event.sha ?? NO_COMMIT;
  const number = /^refs\/merge-requests\/(\d+)\//.exec(read.name)?.[1] ?? ANY_REQUEST;
  const ref = isRequest && !isFullRef(read.name) ? `refs/merge-requests/${number}/head` : read.name;
  const own: Readonly<Record<string, string>> = {
    CI: "true",
    GITLAB_CI: "true",
    CI_DEFAULT_BRANCH: defaultBranch,
    CI_PIPELINE_SOURCE: source,
    ...commitVariables(read.name, sha, !read.isTag && ref === defaultBranch),
    ...refVariables(ref, read.isTag),
    ...sourceVariables(source),
    ...(isRequest ? requestVariables(event, read.name, number) : {}),
  };
  return {
    ref,
    tag: read.isTag,
    sha,
    source,
    defaultBranch,
    predefined: [...predefined, ...listed(own)],
    project: [],
    given: variables,
    changedPaths: WITH_CHANGES.has(source) && !read.isTag ? changes : null,
    tree,
  };
};

export const listed = (values: Readonly<Record<string, string>>): readonly ContextVariable[] =>
  Object.entries(values).map(([key, value]) => ({ key, value }));

/** What nobody told is empty. As in GitLab, where nothing else was set, the default branch alone is protected. */
const commitVariables = (name: string, sha: string, isProtected: boolean): Readonly<Record<string, string>> => ({
  CI_COMMIT_SHA: sha,
  CI_COMMIT_SHORT_SHA: sha.slice(0, 8),
  CI_COMMIT_BEFORE_SHA: NO_COMMIT,
  CI_COMMIT_REF_NAME: name,
  CI_COMMIT_REF_SLUG: refSlug(name),
  CI_COMMIT_REF_PROTECTED: String(isProtected),
  CI_COMMIT_TITLE: "",
  CI_COMMIT_MESSAGE: "",
  CI_COMMIT_DESCRIPTION: "",
});

const refVariables = (ref: string, isTag: boolean): Readonly<Record<string, string>> => {
  if (isTag) return { CI_COMMIT_TAG: ref, CI_COMMIT_TAG_MESSAGE: "" };
  return isFullRef(ref) ? {} : { CI_COMMIT_BRANCH: ref };
};

const sourceVariables = (source: PipelineSource): Readonly<Record<string, string>> => {
  if (source === "schedule") return { CI_PIPELINE_SCHEDULE_DESCRIPTION: "" };
  return source === "trigger" || source === "pipeline" ? { CI_PIPELINE_TRIGGERED: "true" } : {};
};

/** Its target is the default branch of the same project. */
const requestVariables = (
  { source, defaultBranch, project }: AskedEvent,
  branch: string,
  number: string,
): Readonly<Record<string, string>> => {
  const repository = project ?? "";
  if (source === "external_pull_request_event") {
    return {
      CI_EXTERNAL_PULL_REQUEST_IID: number,
      CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY: repository,
      CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY: repository,
      CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME: branch,
      CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME: defaultBranch,
    };
  }
  return {
    CI_MERGE_REQUEST_ID: number,
    CI_MERGE_REQUEST_IID: number,
    CI_MERGE_REQUEST_REF_PATH: `refs/merge-requests/${number}/head`,
    CI_MERGE_REQUEST_EVENT_TYPE: "detached",
    CI_MERGE_REQUEST_TITLE: "",
    CI_MERGE_REQUEST_DRAFT: "false",
    CI_MERGE_REQUEST_PROJECT_PATH: repository,
    CI_MERGE_REQUEST_SOURCE_PROJECT_PATH: repository,
    CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: branch,
    CI_MERGE_REQUEST_TARGET_BRANCH_NAME: defaultBranch,
    CI_MERGE_REQUEST_TARGET_BRANCH_PROTECTED: "true",
  };
};
