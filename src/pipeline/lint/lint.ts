/** What somebody is told who asks what a composed file is, or what it would do for an event. */
import { compileComposed } from "../compile/compile.ts";
import { describeConfig, hasError } from "../compile/described-config.ts";
import { describedLintJobs, type LintJob, plannedLintJobs } from "../compile/lint-jobs.ts";
import type { ComposeInput } from "../compose/compose.ts";
import type { ComposedConfig, IncludedFile } from "../compose/composed.ts";
import type { Plan } from "../plan.ts";
import type { Problem } from "../problem.ts";
import { writeYaml } from "../yaml/write-yaml.ts";

export interface LintResult {
  /** None: the file is valid. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** Null where it could not be composed. */
  readonly mergedYaml: string | null;
  readonly includes: readonly IncludedFile[];
  /** None with an error, and where there would be no pipeline. */
  readonly jobs: readonly LintJob[];
  /** Of the event; null without one, with an error, and where there would be no pipeline. */
  readonly plan: Plan | null;
}

type LintInput = Pick<ComposeInput, "context" | "project" | "conditions" | "path">;

/** The file alone: no rule of a job is asked. */
export const lintFile = (composed: ComposedConfig, { path }: LintInput): LintResult => {
  const described = describeConfig(composed);
  const { problems } = described;
  const jobs = hasError(problems) ? [] : describedLintJobs(described);
  return { ...told(problems, path), ...shown(composed), jobs, plan: null };
};

/** The pipeline that the file would make for the event of the input. */
export const lintEvent = (composed: ComposedConfig, input: LintInput): LintResult => {
  const compilation = compileComposed(composed, input);
  const { warnings } = told(compilation.warnings, input.path);
  const { errors } = told(compilation.kind === "errors" ? compilation.errors : [], input.path);
  const plan = compilation.kind === "plan" ? compilation.plan : null;
  return {
    errors,
    // The reason first: of all that could surprise it is the largest.
    warnings: compilation.kind === "nothing" ? [compilation.reason, ...warnings] : warnings,
    ...shown(composed),
    jobs: plan === null ? [] : plannedLintJobs(plan),
    plan,
  };
};

const shown = ({ merged, includes }: ComposedConfig): Pick<LintResult, "mergedYaml" | "includes"> => ({
  mergedYaml: merged.size === 0 ? null : writeYaml(merged),
  includes,
});

/** GitLab names no files. Of several, the one that a problem stands in must be found. */
const told = (problems: readonly Problem[], path: string): Pick<LintResult, "errors" | "warnings"> => {
  const texts = (kind: Problem["kind"]): readonly string[] =>
    problems
      .filter((problem) => problem.kind === kind)
      .map(({ message, file = path }) =>
        file === path || message.includes(`\`${file}\``) ? message : `\`${file}\`: ${message}`,
      );
  return { errors: texts("error"), warnings: texts("warning") };
};
