import { compile, type Compilation } from "../../../src/pipeline/compile/compile.ts";
import type { ComposeInput } from "../../../src/pipeline/compose/compose.ts";
import type { PipelineContext } from "../../../src/pipeline/context.ts";
import type { Plan, PlannedJob } from "../../../src/pipeline/plan.ts";
import { composeInput, context } from "../compose/composing.ts";

export const compiled = (
  text: string,
  event: Partial<PipelineContext> = {},
  more: Partial<ComposeInput> = {},
): Compilation => {
  const compilation = compile(composeInput(text, { context: context(event), ...more }));
  if (compilation.kind === "needs") throw new Error("a file is lacking");
  return compilation;
};

/** @throws if there is no plan */
export const planned = (text: string, event: Partial<PipelineContext> = {}): Plan => {
  const compilation = compiled(text, event);
  if (compilation.kind === "plan") return compilation.plan;
  throw new Error(
    compilation.kind === "errors" ? compilation.errors.map(({ message }) => message).join("\n") : compilation.reason,
  );
};

/** Null if it isn't in the pipeline. */
export const plannedJob = (text: string, name = "job", event: Partial<PipelineContext> = {}): PlannedJob | null =>
  planned(text, event).jobs.find((job) => job.name === name) ?? null;

/** Names of the jobs in the pipeline; none if there is no pipeline. */
export const names = (text: string, event: Partial<PipelineContext> = {}): readonly string[] => {
  const compilation = compiled(text, event);
  if (compilation.kind === "nothing") return [];
  return planned(text, event).jobs.map(({ name }) => name);
};

export const errors = (text: string, event: Partial<PipelineContext> = {}): readonly string[] => {
  const compilation = compiled(text, event);
  return compilation.kind === "errors" ? compilation.errors.map(({ message }) => message) : [];
};

export const warnings = (text: string, event: Partial<PipelineContext> = {}): readonly string[] =>
  compiled(text, event).warnings.map(({ message }) => message);

export const reason = (text: string, event: Partial<PipelineContext> = {}): string | null => {
  const compilation = compiled(text, event);
  return compilation.kind === "nothing" ? compilation.reason : null;
};
