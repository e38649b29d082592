/**
 * From a `.gitlab-ci.yml` and an event to a plan, or to all that is wrong with the file. Pure: the same input gives the
 * same outcome; what is lacking is asked for.
 */
import { compose, type ComposeInput } from "../compose/compose.ts";
import type { ComposedConfig } from "../compose/composed.ts";
import type { IncludeRequest } from "../compose/include-request.ts";
import type { Plan } from "../plan.ts";
import type { Problem } from "../problem.ts";
import { describeConfig, type DescribedConfig, hasError } from "./described-config.ts";
import { makePlan } from "./make-plan.ts";

export type Compilation = (
  | { readonly kind: "plan"; readonly plan: Plan }
  /** There is no pipeline for the event; why, for people. */
  | { readonly kind: "nothing"; readonly reason: string }
  | { readonly kind: "errors"; readonly errors: readonly Problem[] }
) & {
  readonly warnings: readonly Problem[];
  readonly composed: ComposedConfig;
  readonly described: DescribedConfig;
};

/** Files that whoever calls has to fetch first. */
export interface Lacking {
  readonly kind: "needs";
  readonly includes: readonly IncludeRequest[];
}

export const compile = (input: ComposeInput): Compilation | Lacking => {
  const composition = compose(input);
  if (composition.state === "lacking") return { kind: "needs", includes: composition.requests };
  return compileComposed(composition.config, input);
};

/** The same, for a config that was composed already. */
export const compileComposed = (
  composed: ComposedConfig,
  input: Pick<ComposeInput, "context" | "project" | "conditions" | "path">,
): Compilation => {
  const described = describeConfig(composed);
  const problems = [...described.problems];
  const made = hasError(problems) ? ({ kind: "errors" } as const) : makePlan(described, input, problems);
  const errors = problems.filter(({ kind }) => kind === "error");
  const warnings = problems.filter(({ kind }) => kind === "warning");
  const more = { warnings, composed, described };
  return made.kind === "errors" ? { ...made, errors, ...more } : { ...made, ...more };
};
