/**
 * `npm run lint-ci -- FILE [options]`: what a `.gitlab-ci.yml` would do for an event, without running anything. Files that
 * it includes and the paths that `exists` asks for are those of the repository that it stands in.
 * Exits with 0 for a file that is valid, 1 for one that isn't, 2 when it could not be asked.
 */
import { readFile, stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { parseArgs } from "node:util";
import { PIPELINE_SOURCES, type PipelineSource } from "../src/core/build/pipeline-ref.ts";
import { shownName } from "../src/core/text.ts";
import { composeWith } from "../src/pipeline/compose/compose-with.ts";
import type { ContextVariable } from "../src/pipeline/context.ts";
import { makeConditions } from "../src/pipeline/expressions/make-conditions.ts";
import { contextOf } from "../src/pipeline/lint/event.ts";
import { lintEvent, lintFile, type LintResult } from "../src/pipeline/lint/lint.ts";
import { planText } from "../src/pipeline/lint/plan-text.ts";
import { fetchFrom, pathsIn, rootOf } from "./ci-folder.ts";

const USAGE = `npm run lint-ci -- FILE [options]

FILE is a .gitlab-ci.yml, or the folder that it is in.

  --ref NAME          the branch that the pipeline is for (the default branch)
  --tag NAME          the tag that it is for
  --source SOURCE     push (unless said), merge_request_event, schedule, web, api, trigger, …
  --sha SHA           the commit
  --changes PATH      a path that the event has changed; may be repeated. Without one all have
  --variable KEY=VAL  a variable given with the pipeline; may be repeated
  --default-branch NAME   main, unless said
  --project PATH      group/project
  --static            the file alone, for no event: all of its jobs
  --json              for programs: what POST /projects/:id/ci/lint answers, and the plan`;

class Misuse extends Error {}

const OPTIONS = {
  ref: { type: "string" },
  tag: { type: "string" },
  source: { type: "string", default: "push" },
  sha: { type: "string" },
  changes: { type: "string", multiple: true },
  variable: { type: "string", multiple: true },
  "default-branch": { type: "string", default: "main" },
  project: { type: "string" },
  static: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

const parse = () => {
  try {
    return parseArgs({ options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new Misuse(error instanceof Error ? error.message : String(error));
  }
};

type Options = ReturnType<typeof parse>["values"];

const readSource = (text: string): PipelineSource => {
  const source = PIPELINE_SOURCES.find((known) => known === text);
  if (source === undefined) throw new Misuse(`--source is one of ${PIPELINE_SOURCES.join(", ")}`);
  return source;
};

const readVariable = (text: string): ContextVariable => {
  const [, key, value] = /^([A-Za-z0-9_]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new Misuse(`--variable ${text} is not KEY=VALUE`);
  return { key, value };
};

const lint = async (given: string, options: Options): Promise<LintResult> => {
  const file = (await isFolder(given)) ? join(given, ".gitlab-ci.yml") : given;
  const root = rootOf(file);
  const tree = await pathsIn(root);
  const project = options.project ?? null;
  const context = contextOf({
    ref: options.tag ?? options.ref ?? "",
    tag: options.tag !== undefined,
    sha: options.sha ?? null,
    source: readSource(options.source),
    defaultBranch: options["default-branch"],
    project,
    predefined: [],
    variables: (options.variable ?? []).map(readVariable),
    changes: options.changes ?? null,
    tree,
  });
  if (context === null) throw new Misuse("that is no name of a branch or tag");
  const path = relative(root, file).replaceAll(sep, "/");
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new Misuse(error instanceof Error ? error.message : String(error));
  });
  const input = { path, text, files: null, inputs: new Map(), context, project, conditions: makeConditions() };
  const fetcher = { kinds: new Set(["local"] as const), fetch: fetchFrom(root, tree) };
  const composed = await composeWith(input, fetcher);
  return options.static ? lintFile(composed, input) : lintEvent(composed, input);
};

const isFolder = async (path: string): Promise<boolean> => (await stat(path).catch(() => null))?.isDirectory() ?? false;

const forPeople = ({ errors, warnings, jobs, plan }: LintResult): string => {
  const lines = [errors.length === 0 ? "The file is valid." : "The file is not valid:"];
  for (const error of errors) lines.push(`  ${shownName(error)}`);
  if (warnings.length > 0) lines.push("", "Warnings:", ...warnings.map((warning) => `  ${shownName(warning)}`));
  if (plan !== null) lines.push("", planText(plan));
  else if (jobs.length > 0) lines.push("", ...jobs.map(({ stage, name }) => shownName(`${stage} | ${name}`)));
  return lines.join("\n");
};

const forPrograms = ({ errors, warnings, mergedYaml, includes, jobs, plan }: LintResult): string =>
  JSON.stringify(
    { valid: errors.length === 0, errors, warnings, merged_yaml: mergedYaml, includes, jobs, plan },
    null,
    2,
  );

try {
  const { values, positionals } = parse();
  const [file] = positionals;
  if (values.help) {
    console.log(USAGE);
  } else {
    if (file === undefined || positionals.length > 1) throw new Misuse(`which file?\n\n${USAGE}`);
    const result = await lint(resolve(file), values);
    console.log(values.json ? forPrograms(result) : forPeople(result));
    process.exitCode = result.errors.length === 0 ? 0 : 1;
  }
} catch (error) {
  if (!(error instanceof Misuse)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
