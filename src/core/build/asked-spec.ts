/** What somebody asks of a lone build, and what the core makes of it. */
import type { Project } from "../project.ts";
import { accept, refuse } from "../refusal.ts";
import type { Outcome } from "../refusal.ts";
import { readRef } from "../ref.ts";
import { UNKNOWN_COMMIT } from "./commit-ref.ts";
import { maskProblem } from "./masking.ts";
import type { NewSpec } from "./spec.ts";

/** The rest is the project's to say. */
type Open = "ref" | "sha" | "timeoutSeconds" | "allowGitFetch";

/** A spec in which null is what the request left open. */
export type AskedSpec = Omit<NewSpec, Open | "commit"> & { readonly [Field in Open]: NewSpec[Field] | null };

/** One row holds the spec, and a row has 2 MB: what is short in a request may be several times as long when written out. */
export const MAX_SPEC_BYTES = 1024 * 1024;

/** Git's id for "there is none". */
export const NO_COMMIT = "0".repeat(40);

/**
 * Errors: `invalid` when the commit is missing and there is a repository to check out, for a ref that git would refuse and
 * for a value that can't be masked; `too_large`.
 */
export const completeSpec = (asked: AskedSpec, project: Project): Outcome<NewSpec> => {
  if (asked.sha === null && project.repoUrl !== "") {
    return refuse({ reason: "invalid", field: "sha", message: "is missing" });
  }
  const ref = readRef(asked.ref ?? project.defaultBranch, asked.tag);
  if (ref === null) return refuse({ reason: "invalid", field: "ref", message: "is not a name that git takes" });
  for (const variable of asked.variables) {
    const problem = maskProblem(variable);
    if (problem !== null) return refuse({ reason: "invalid", field: `variables.${variable.key}`, message: problem });
  }
  const spec: NewSpec = {
    ...asked,
    ref: ref.name,
    tag: ref.isTag,
    sha: asked.sha ?? NO_COMMIT,
    commit: UNKNOWN_COMMIT,
    timeoutSeconds: asked.timeoutSeconds ?? project.buildTimeoutSeconds,
    allowGitFetch: asked.allowGitFetch ?? project.gitStrategy === "fetch",
    tags: asked.tags.toSorted(),
    dependencies: [...new Set(asked.dependencies)],
  };
  const sizeBytes = new TextEncoder().encode(JSON.stringify(spec)).byteLength;
  return sizeBytes > MAX_SPEC_BYTES
    ? refuse({ reason: "too_large", limitBytes: MAX_SPEC_BYTES, sizeBytes })
    : accept(spec);
};
