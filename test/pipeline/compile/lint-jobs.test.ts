import { describe, expect, it } from "vitest";
import { describedLintJobs, plannedLintJobs } from "../../../src/pipeline/compile/lint-jobs.ts";
import { variables } from "../compose/composing.ts";
import { compiled, planned } from "./compiling.ts";

const TEXT = `
stages: [one, two]
default: {before_script: [[setup]]}
b: {stage: two, script: [a, [b]], after_script: c, tags: ["$A"], environment: "on/$A", needs: [a], rules: [{if: $A, when: manual}]}
a: {stage: one, script: x, when: manual, parallel: 2, except: [tags]}
`;

const common = {
  before_script: ["setup"],
  after_script: [],
  tag_list: [],
  only: null,
  except: null,
  environment: null,
};

describe("lint's jobs", () => {
  it("of the file are all that it describes, in the order of stages, nothing expanded", () => {
    const first = {
      ...common,
      stage: "one",
      script: ["x"],
      only: { refs: ["branches", "tags"] },
      except: { refs: ["tags"] },
      when: "manual",
      allow_failure: true,
      needs: null,
    };
    expect(describedLintJobs(compiled(TEXT).described)).toEqual([
      { ...first, name: "a 1/2" },
      { ...first, name: "a 2/2" },
      {
        ...common,
        name: "b",
        stage: "two",
        script: ["a", "b"],
        after_script: ["c"],
        tag_list: ["$A"],
        environment: "on/$A",
        when: "on_success",
        allow_failure: false,
        needs: [
          { name: "a 1/2", artifacts: true, optional: false },
          { name: "a 2/2", artifacts: true, optional: false },
        ],
      },
    ]);
  });

  it("of an event are those of its pipeline, as they will be", () => {
    const jobs = plannedLintJobs(planned(TEXT, { given: variables({ A: "x" }) }));
    expect(jobs.map(({ name }) => name)).toEqual(["a 1/2", "a 2/2", "b"]);
    expect(jobs.at(-1)).toEqual({
      ...common,
      name: "b",
      stage: "two",
      script: ["a", "b"],
      after_script: ["c"],
      tag_list: ["x"],
      environment: "on/x",
      when: "manual",
      allow_failure: false,
      needs: null,
    });
  });
});
