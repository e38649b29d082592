import { describe, expect, it } from "vitest";
import { type Compilation, compile } from "../../../src/pipeline/compile/compile.ts";
import type { PipelineContext } from "../../../src/pipeline/context.ts";
import type { Plan } from "../../../src/pipeline/plan.ts";
import { composeInput, context, variables } from "../compose/composing.ts";
import { INCLUDED, REAL_LOOKING } from "../compose/real-looking.ts";
import { mutate, seeded } from "../mutate.ts";

/** Another one each time; a failure names it. */
const SEED = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const FILES = Number(process.env["FUZZ_FILES"] ?? 5_000);

const EVENTS: readonly Partial<PipelineContext>[] = [
  {
    ref: "main",
    predefined: variables({ CI_COMMIT_BRANCH: "main" }),
    changedPaths: ["src/a.ts"],
    tree: ["Dockerfile"],
  },
  { ref: "v1.2", tag: true, predefined: variables({ CI_COMMIT_TAG: "v1.2" }) },
  { ref: "refs/merge-requests/5/head", source: "merge_request_event", given: variables({ MORE: "1" }) },
  { ref: "main", source: "schedule", changedPaths: [] },
];

const compiledFor = (text: string, event: Partial<PipelineContext>): Compilation => {
  const compilation = compile(composeInput(text, { context: context(event), files: INCLUDED }));
  if (compilation.kind === "needs") throw new Error("nothing can be lacking: nobody fetches");
  return compilation;
};

const outcomeOf = (compilation: Compilation): unknown => {
  const { composed: _composed, described: _described, ...outcome } = compilation;
  return outcome;
};

describe("a file that is nearly right", { timeout: 120_000 }, () => {
  it.each(EVENTS.map((event) => [event.source ?? "push", event.ref, event] as const))(
    "is right before it is changed (%s, %s)",
    (_source, _ref, event) => {
      expect(REAL_LOOKING.map((text) => compiledFor(text, event).kind).filter((kind) => kind === "errors")).toEqual([]);
    },
  );

  it(`has a plan that holds together, none, or errors, and always the same (seed ${SEED})`, () => {
    const random = seeded(SEED);
    let plans = 0;
    for (let index = 0; index < FILES; index += 1) {
      const text = mutate(REAL_LOOKING[random(REAL_LOOKING.length)] ?? "", REAL_LOOKING, random);
      const event = EVENTS[index % EVENTS.length] ?? {};
      const compilation = compiledFor(text, event);
      expect(outcomeOf(compiledFor(text, event)), text).toEqual(outcomeOf(compilation));
      if (compilation.kind === "errors") expect(compilation.errors, text).not.toEqual([]);
      if (compilation.kind !== "plan") continue;
      plans += 1;
      check(compilation.plan, text);
    }
    // Else the changes would be too large to say anything.
    expect(plans).toBeGreaterThan(FILES / 20);
  });
});

const check = (plan: Plan, text: string): void => {
  const order = new Map(plan.jobs.map(({ stage }) => [stage, plan.stages.indexOf(stage)]));
  const names = new Map(plan.jobs.map((job) => [job.name, job]));
  expect(names.size, text).toBe(plan.jobs.length);
  expect(JSON.parse(JSON.stringify(plan)), text).toEqual(plan);
  for (const job of plan.jobs) {
    expect(job.script.length, text).toBeGreaterThan(0);
    expect(job.when === "delayed", text).toBe(job.startInSeconds !== null);
    expect(new Set(job.variables.map(({ key }) => key)).size, text).toBe(job.variables.length);
    for (const name of [...(job.needs?.map((need) => need.job) ?? []), ...(job.dependencies ?? [])]) {
      const stage = names.get(name)?.stage;
      expect(stage !== undefined && (order.get(stage) ?? 0) <= (order.get(job.stage) ?? 0), text).toBe(true);
    }
  }
};
