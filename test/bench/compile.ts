/** What it takes to read a large `.gitlab-ci.yml` and make its plan, in this process: nothing of it needs a server. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { compile, type Compilation } from "../../src/pipeline/compile/compile.ts";
import { makeConditions } from "../../src/pipeline/expressions/make-conditions.ts";
import { median } from "./measure.ts";

const ROUNDS = 15;
const JOBS = 500;

export interface CompileCost {
  readonly ms: number;
  /** What the outcome takes as long as somebody holds it. */
  readonly heldBytes: number;
  readonly jobs: number;
  readonly fileBytes: number;
}

/** `scriptBytes`: how much of each job is its script. */
export const compileCost = (scriptBytes: number): CompileCost => {
  const text = fileOf(scriptBytes);
  const times = Array.from({ length: ROUNDS }, () => {
    const startedMs = performance.now();
    compileOnce(text);
    return performance.now() - startedMs;
  });
  const before = heldBytes();
  const compilation = compileOnce(text);
  const held = heldBytes() - before;
  if (compilation.kind !== "plan") throw new Error(`no plan: ${JSON.stringify(compilation)}`);
  return { ms: median(times), heldBytes: held, jobs: compilation.plan.jobs.length, fileBytes: text.length };
};

const compileOnce = (text: string): Compilation => {
  const outcome = compile({
    path: ".gitlab-ci.yml",
    text,
    files: null,
    inputs: new Map(),
    project: "group/monorepo",
    conditions: makeConditions(),
    fetches: new Set(),
    fetched: new Map(),
    context: {
      ref: "main",
      tag: false,
      sha: "c0ffee".padEnd(40, "0"),
      source: "push",
      defaultBranch: "main",
      predefined: [
        { key: "CI_COMMIT_BRANCH", value: "main" },
        { key: "CI_COMMIT_REF_NAME", value: "main" },
        { key: "CI_PIPELINE_SOURCE", value: "push" },
      ],
      project: [],
      given: [],
      changedPaths: Array.from({ length: 40 }, (_, index) => `packages/part-${index * 13}/src/index.ts`),
      tree: Array.from({ length: 2_000 }, (_, index) => `packages/part-${index % JOBS}/src/file-${index}.ts`),
    },
  });
  if (outcome.kind === "needs") throw new Error("the file includes nothing");
  return outcome;
};

/** A monorepo: templates, and for each part a job that says what is its own. All of them are in the pipeline. */
const fileOf = (scriptBytes: number): string =>
  [
    TEMPLATES,
    ...Array.from({ length: JOBS }, (_, index) => jobOf(index, "x".repeat(Math.max(1, Math.round(scriptBytes / 10))))),
  ].join("\n");

const TEMPLATES = `
stages: [build, test, deploy]
default:
  image: {name: "registry.example.com/node:$NODE", entrypoint: [""]}
  retry: {max: 1, when: [runner_system_failure]}
variables: {NODE: "24", CACHE: "npm-$NODE"}
.base:
  before_script: [npm ci, npm run prepare]
  cache: {key: "$CACHE", paths: [node_modules/], policy: pull}
  tags: [linux, large]
.part:
  extends: .base
  artifacts: {paths: ["packages/$PART/dist"], expire_in: 1 week}
  interruptible: true
`;

const jobOf = (index: number, line: string): string => `
part-${index}:
  extends: .part
  stage: ${["build", "test", "deploy"][index % 3]}
  variables: {PART: part-${index}, LEVEL: ${index % 7}}
  needs: [${index < 3 ? "" : `part-${index - (index % 3) - 3}`}]
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule"
      when: never
    - if: $CI_COMMIT_BRANCH =~ /^release-[0-9]+/ && $LEVEL != null
      variables: {RELEASE: "yes"}
    - changes: ["packages/part-${index}/**/*", shared/*.json]
    - exists: ["packages/part-${index}/**/*.ts"]
  script:
${Array.from({ length: 10 }, (_, step) => `    - echo ${step} ${line}`).join("\n")}
`;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const heldBytes = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};
