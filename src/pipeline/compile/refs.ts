/** `refs` of `only` and `except`: keywords, names, patterns. */
import type { Conditions } from "../compose/conditions.ts";
import type { PipelineContext } from "../context.ts";
import { delimited, sourceOf } from "../expressions/pattern-syntax.ts";

export interface EventRef {
  readonly ref: string;
  readonly kind: "branch" | "tag" | "request";
  /** `CI_PIPELINE_SOURCE` without `_event`. */
  readonly source: string;
  /** `group/project`; null if it has no name. */
  readonly project: string | null;
}

/** Pipelines of requests are neither for a branch nor for a tag, whatever the ref is called. */
export const eventRef = ({ ref, tag, source }: PipelineContext, project: string | null): EventRef => ({
  ref,
  kind: tag ? "tag" : isRequest(ref, source) ? "request" : "branch",
  source: source.replace(/_event$/, ""),
  project,
});

const isRequest = (ref: string, source: string): boolean =>
  source === "merge_request_event" || ref.startsWith("refs/merge-requests/");

/** Whether one of the refs stands for the event. */
export const matchesRefs = (refs: readonly string[], event: EventRef, conditions: Conditions): boolean =>
  refs.some((written) => {
    const [pattern, path] = splitOnce(written);
    return (path === null || path === event.project) && matchesRef(pattern, event, conditions);
  });

/** GitLab cuts at the first `@`, in patterns as well. */
const splitOnce = (written: string): readonly [pattern: string, path: string | null] => {
  const at = written.indexOf("@");
  return at < 0 ? [written, null] : [written.slice(0, at), written.slice(at + 1)];
};

const matchesRef = (pattern: string, event: EventRef, conditions: Conditions): boolean => {
  if (pattern === "tags" && event.kind === "tag") return true;
  if (pattern === "branches" && event.kind === "branch") return true;
  if (pattern === event.source || pattern === pluralOf(event.source)) return true;
  if (event.kind === "request") return false;
  const parts = delimited(pattern);
  return parts === null ? pattern === event.ref : conditions.matchesPattern(sourceOf(parts), event.ref) === true;
};

/** `pushes` is the only one of GitLab's words that needs more than an `s`. */
const pluralOf = (source: string): string => (source === "push" ? "pushes" : `${source}s`);
