/**
 * A file and what it includes become one config: includes merged, `extends` and `!reference` resolved, `default`
 * inherited. Pure: what it lacks, it asks for, and whoever has it asks again with that.
 */
import type { PipelineContext } from "../context.ts";
import { Place, type Problem } from "../problem.ts";
import { type Hash, isHash, type Value } from "../value.ts";
import { MAX_CONFIG_SIZE, MAX_DEPTH, Sizes, TOO_BIG } from "../yaml/size.ts";
import type { ComposedConfig, ComposedJob } from "./composed.ts";
import type { Conditions } from "./conditions.ts";
import { resolveExtends } from "./extends.ts";
import type { FetchedInclude, IncludeRequest } from "./include-request.ts";
import { IncludeWalk, type Layer } from "./includes/include-walk.ts";
import { defaultsOf, inheritInto } from "./inherit.ts";
import { loadFile, ReadTexts } from "./load-file.ts";
import { resolveReferences } from "./references.ts";
import { isHidden, isJobKey } from "./top-keys.ts";
import { IncludeVariables } from "./variables.ts";
import { ComposeError, Work } from "./work.ts";

export interface ComposeInput {
  /** The file's path in its repository, usually `.gitlab-ci.yml`. */
  readonly path: string;
  readonly text: string;
  /** Other files of the repository, by path; null if none are given. */
  readonly files: ReadonlyMap<string, string> | null;
  /** Given with the pipeline, for the file's own `spec:inputs`. */
  readonly inputs: Hash;
  readonly context: PipelineContext;
  /** The repository's project, for lint; null if it has no name. */
  readonly project: string | null;
  readonly conditions: Conditions;
  /** Kinds of includes that whoever calls can fetch. Others are errors. */
  readonly fetches: ReadonlySet<IncludeRequest["kind"]>;
  /** What was fetched already, by `requestKey`. */
  readonly fetched: ReadonlyMap<string, FetchedInclude>;
  /** Kept from one call to the next, no text is read twice. */
  readonly texts?: ReadTexts;
}

export type Composition =
  | { readonly state: "composed"; readonly config: ComposedConfig }
  /** At least one; what can be told already is told when all is there. */
  | { readonly state: "lacking"; readonly requests: readonly IncludeRequest[] };

/** Inputs that may be given with a pipeline, as in GitLab. */
const MAX_INPUTS = 20;

export const compose = (input: ComposeInput): Composition => {
  const problems: Problem[] = [];
  const work = new Work();
  try {
    const walked = walk(input, problems, work);
    if (walked !== null && walked.requests.length > 0) return { state: "lacking", requests: walked.requests };
    const failed = walked === null || problems.some(({ kind }) => kind === "error");
    const config = failed ? empty(walked?.includes ?? []) : settle(walked.layer, walked.includes, problems, work);
    return { state: "composed", config: { ...config, problems } };
  } catch (error) {
    if (!(error instanceof ComposeError)) throw error;
    problems.push({ kind: "error", message: error.message, file: input.path });
    return { state: "composed", config: { ...empty([]), problems } };
  }
};

type WithoutProblems = Omit<ComposedConfig, "problems">;

const empty = (includes: ComposedConfig["includes"]): WithoutProblems => ({
  top: new Map(),
  jobs: new Map(),
  broken: new Set(),
  merged: new Map(),
  includes,
});

interface Walked {
  readonly layer: Layer;
  readonly includes: ComposedConfig["includes"];
  readonly requests: readonly IncludeRequest[];
}

const walk = (input: ComposeInput, problems: Problem[], work: Work): Walked | null => {
  const { path, text, inputs, context, files, conditions, fetches, fetched, project } = input;
  const fail = (message: string): null => {
    problems.push({ kind: "error", message, file: path });
    return null;
  };
  if (text.trim() === "") return fail("Please provide content of .gitlab-ci.yml");
  if (inputs.size > MAX_INPUTS) return fail(`A pipeline can take up to ${MAX_INPUTS} inputs`);
  const variables = new IncludeVariables(context);
  const tools = { texts: input.texts ?? new ReadTexts(), conditions, variables, work };
  const config = loadFile({ text, name: path, inputs, component: new Map(), prefix: "" }, tools, problems);
  if (config === null) return null;
  const { changedPaths } = context;
  const tree = context.tree ?? (files === null ? null : [...files.keys()]);
  const facts = { ...tools, changedPaths, tree, files, fetches, fetched };
  const walker = new IncludeWalk(facts, problems, { project, sha: context.sha }, text.length);
  const layer = walker.follow(config, { name: path, path, repository: null });
  return { layer, includes: walker.includes, requests: [...walker.requests.values()] };
};

/** All files are there: from here on there is one config. */
const settle = (
  layer: Layer,
  includes: ComposedConfig["includes"],
  problems: Problem[],
  work: Work,
): WithoutProblems => {
  const { files } = layer;
  const tell = (message: string, key: string): void => {
    const file = files.get(key);
    problems.push({ kind: "error", message, ...(file === undefined ? {} : { file }) });
  };
  const extended = resolveExtends(layer.content, work, tell);
  const referred = resolveReferences(extended.config, work, (message, key) => tell(`${key}: ${message}`, key));
  const broken = new Set([...extended.broken, ...referred.broken]);
  const sizes = new Sizes();
  fits(sizes, [referred.config]);
  const merged = referred.config;
  const { top, jobs } = apart(merged, broken, files, problems);
  fits(
    sizes,
    [...jobs.values()].map(({ hash }) => hash),
  );
  return { top, jobs, broken, merged, includes };
};

/** @throws ComposeError */
const fits = (sizes: Sizes, values: readonly Value[]): void => {
  let total = 0;
  for (const value of values) {
    const { size, depth } = sizes.of(value);
    total += size;
    if (total > MAX_CONFIG_SIZE || depth > MAX_DEPTH) throw new ComposeError(TOO_BIG);
  }
};

const apart = (
  config: Hash,
  broken: ReadonlySet<string>,
  files: ReadonlyMap<string, string>,
  problems: Problem[],
): { readonly top: Hash; readonly jobs: ReadonlyMap<string, ComposedJob> } => {
  const top = new Map([...config].filter(([key, value]) => !isHidden(key) && !isJobKey(key, value)));
  const defaults = defaultsOf(top, problems);
  const jobs = new Map<string, ComposedJob>();
  for (const [name, value] of config) {
    if (top.has(name) || isHidden(name) || broken.has(name)) continue;
    const file = files.get(name);
    const place = new Place(problems, `jobs:${name}`, file);
    if (isHash(value)) jobs.set(name, inheritInto(value, defaults, file, place));
    else place.error("config should implement the script:, run:, or trigger: keyword");
  }
  return { top, jobs };
};
