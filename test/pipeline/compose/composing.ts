import { compose, type ComposeInput } from "../../../src/pipeline/compose/compose.ts";
import type { ComposedConfig } from "../../../src/pipeline/compose/composed.ts";
import type { ContextVariable, PipelineContext } from "../../../src/pipeline/context.ts";
import { makeConditions } from "../../../src/pipeline/expressions/make-conditions.ts";
import type { Hash, Value } from "../../../src/pipeline/value.ts";
import { plain } from "../yaml/reading.ts";

export const context = (given: Partial<PipelineContext> = {}): PipelineContext => ({
  ref: "main",
  tag: false,
  sha: "c0ffee",
  source: "push",
  defaultBranch: "main",
  predefined: [],
  project: [],
  given: [],
  changedPaths: null,
  tree: null,
  ...given,
});

export const variables = (values: Record<string, string>): readonly ContextVariable[] =>
  Object.entries(values).map(([key, value]) => ({ key, value }));

export const composeInput = (text: string, more: Partial<ComposeInput> = {}): ComposeInput => ({
  path: ".gitlab-ci.yml",
  text,
  files: null,
  inputs: new Map<string, Value>(),
  context: context(),
  project: null,
  conditions: makeConditions(),
  fetches: new Set(),
  fetched: new Map(),
  ...more,
});

export const composed = (text: string, more: Partial<ComposeInput> = {}): ComposedConfig => {
  const composition = compose(composeInput(text, more));
  if (composition.state === "lacking") throw new Error(`lacking: ${JSON.stringify(composition.requests)}`);
  return composition.config;
};

export const files = (given: Record<string, string>): ReadonlyMap<string, string> => new Map(Object.entries(given));

/** The merged config as an object, or what is wrong. */
export const merged = (text: string, more: Partial<ComposeInput> = {}): unknown => {
  const config = composed(text, more);
  const errors = messages(config, "error");
  return errors.length > 0 ? errors : plain(config.merged);
};

/** A job's keywords as an object. */
export const job = (text: string, name = "job", more: Partial<ComposeInput> = {}): unknown => {
  const config = composed(text, more);
  const errors = messages(config, "error");
  return errors.length > 0 ? errors : plain(config.jobs.get(name)?.hash ?? null);
};

export const errors = (text: string, more: Partial<ComposeInput> = {}): readonly string[] =>
  messages(composed(text, more), "error");

export const messages = (config: ComposedConfig, kind: "error" | "warning"): readonly string[] =>
  config.problems.filter((problem) => problem.kind === kind).map(({ message }) => message);

export const inputs = (given: Record<string, Value>): Hash => new Map(Object.entries(given));
