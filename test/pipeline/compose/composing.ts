import { compose, type ComposeInput } from "../../../src/pipeline/compose/compose.ts";
import type { ComposedConfig } from "../../../src/pipeline/compose/composed.ts";
import type { Conditions } from "../../../src/pipeline/compose/conditions.ts";
import type { ContextVariable, PipelineContext } from "../../../src/pipeline/context.ts";
import type { Hash, Value } from "../../../src/pipeline/value.ts";
import { plain } from "../yaml/reading.ts";

/** `$A == "b"`, `$A != "b"`, `$A`, joined by `&&` and `||`; paths by their start; patterns by JavaScript. */
export const simpleConditions: Conditions = {
  evaluateIf: (text, lookup) => {
    const one = (part: string): boolean | null => {
      const match = /^\$(\w+)(?:\s*(==|!=)\s*"([^"]*)")?$/.exec(part.trim());
      if (match === null) return null;
      const value = lookup(match[1] ?? "");
      if (match[2] === undefined) return value !== null && value !== "";
      return (value === match[3]) === (match[2] === "==");
    };
    const all = text.split("||").map((any) => any.split("&&").map(one));
    if (all.flat().includes(null)) return { error: "invalid expression syntax" };
    return all.some((parts) => parts.every(Boolean));
  },
  matchesPath: (globs, paths) => globs.some((glob) => paths.some((path) => path.startsWith(glob.replace(/\*+$/, "")))),
  matchesPattern: (pattern, text) => {
    try {
      const [, flags = "", source = pattern] = /^\(\?(i)\)(.*)$/.exec(pattern) ?? [];
      return new RegExp(source, `u${flags}`).test(text);
    } catch {
      return null;
    }
  },
};

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
  conditions: simpleConditions,
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
