import { describe, expect, it } from "vitest";
import type { PipelineContext } from "../../../src/pipeline/context.ts";
import { lintEvent, lintFile } from "../../../src/pipeline/lint/lint.ts";
import { compose } from "../../../src/pipeline/compose/compose.ts";
import { composeInput, context, files, variables } from "../compose/composing.ts";

const lint = (
  text: string,
  { event, more = {} }: { event?: Partial<PipelineContext>; more?: Record<string, string> } = {},
) => {
  const input = composeInput(text, { context: context(event), files: files(more) });
  const composition = compose(input);
  if (composition.state === "lacking") throw new Error("nobody fetches");
  return event === undefined ? lintFile(composition.config, input) : lintEvent(composition.config, input);
};

const TWO = `
a: {script: x}
b: {script: go, rules: [{if: $GO}]}
`;

const names = ({ jobs }: ReturnType<typeof lint>): readonly string[] => jobs.map(({ name }) => name);

describe("lint", () => {
  it("of a file shows all of its jobs, whatever their rules", () => {
    const result = lint(TWO);
    expect(names(result)).toEqual(["a", "b"]);
    expect(result.plan).toBeNull();
    expect(result.mergedYaml).toBe("---\na:\n  script: x\nb:\n  script: go\n  rules:\n  - if: $GO\n");
  });

  it("of an event shows the jobs of its pipeline", () => {
    expect(names(lint(TWO, { event: {} }))).toEqual(["a"]);
    const result = lint(TWO, { event: { given: variables({ GO: "1" }) } });
    expect(names(result)).toEqual(["a", "b"]);
    expect(result.plan?.jobs.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("takes a file without a pipeline for the event as valid, and says why there is none", () => {
    const result = lint("a: {script: x, rules: [{if: $GO}]}", { event: {} });
    expect(result).toMatchObject({ errors: [], jobs: [], plan: null });
    expect(result.warnings[0]).toContain("would have been empty");
    const workflow = lint("workflow: {rules: [{when: never}]}\na: {script: x}", { event: {} });
    expect(workflow).toMatchObject({ errors: [], jobs: [] });
    expect(workflow.warnings[0]).toContain("workflow:rules");
  });

  it("shows the merged file, but no jobs, where something is wrong with it", () => {
    for (const event of [undefined, {}]) {
      const result = lint("a: {script: x, when: sometimes}", event === undefined ? {} : { event });
      expect(result.errors).toEqual([expect.stringContaining("jobs:a when should be one of")]);
      expect(result).toMatchObject({ jobs: [], plan: null, mergedYaml: "---\na:\n  script: x\n  when: sometimes\n" });
    }
  });

  it("shows no merged file where there is none", () => {
    expect(lint("a: [").mergedYaml).toBeNull();
    expect(lint("").errors).toEqual(["Please provide content of .gitlab-ci.yml"]);
  });

  it("names the included file that something is wrong in", () => {
    const result = lint("include: [ci/a.yml]\nb: {script: x, stages: x}", {
      more: { "ci/a.yml": "a: {script: x, stag: test}" },
    });
    expect(result.errors).toEqual([
      expect.stringMatching(/^`ci\/a\.yml`: jobs:a config contains unknown keys: stag/),
      expect.stringMatching(/^jobs:b config contains unknown keys: stages/),
    ]);
    expect(result.includes).toMatchObject([{ type: "local", location: "ci/a.yml" }]);
  });
});
