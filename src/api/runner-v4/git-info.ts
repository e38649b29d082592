import { isFullRef } from "../../core/ref.ts";
import type { BuildSpec, ProjectSnapshot, Variable } from "../../core/build/spec.ts";

const SHA256_DIGITS = 64;
/** Go reads it into an int, git takes no more. */
const MAX_DEPTH = 2 ** 31 - 1;

/** What is to be fetched and how much of it. There are no `refs/pipelines/…` to name: the repository is on another host. */
export const gitInfo = (spec: BuildSpec, project: ProjectSnapshot, variables: readonly Variable[]) => {
  const depth = depthOf(variables) ?? project.gitDepth;
  return {
    repo_url: project.repoUrl,
    repo_object_format: spec.sha.length === SHA256_DIGITS ? "sha256" : "sha1",
    ref: spec.ref,
    sha: spec.sha,
    before_sha: spec.beforeSha,
    ref_type: spec.tag ? "tag" : "branch",
    refspecs: refspecs(spec, depth),
    depth,
    protected: spec.refProtected,
  };
};

/** A ref that is neither branch nor tag is fetched by its own name, whatever else is. */
const refspecs = ({ ref, tag }: BuildSpec, depth: number): string[] => {
  const own = isFullRef(ref) ? [`+${ref}:${ref}`] : [];
  if (depth === 0) return [...own, branchRefspec("*"), tagRefspec("*")];
  return own.length > 0 ? own : [tag ? tagRefspec(ref) : branchRefspec(ref)];
};

const branchRefspec = (name: string): string => `+refs/heads/${name}:refs/remotes/origin/${name}`;
const tagRefspec = (name: string): string => `+refs/tags/${name}:refs/tags/${name}`;

/** As GitLab reads `GIT_DEPTH`: the digits that it begins with. Without any it is 0, which fetches all; null when not given. */
const depthOf = (variables: readonly Variable[]): number | null => {
  const asked = variables.findLast(({ key }) => key === "GIT_DEPTH");
  if (asked === undefined) return null;
  const [digits = "0"] = /^\s*\+?\d+/.exec(asked.value) ?? [];
  return Math.min(Number(digits), MAX_DEPTH);
};
