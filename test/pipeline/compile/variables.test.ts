import { describe, expect, it } from "vitest";
import type { PipelineContext } from "../../../src/pipeline/context.ts";
import { variables } from "../compose/composing.ts";
import { errors, names, planned, plannedJob, warnings } from "./compiling.ts";

const textOf = (text: string, name = "job"): readonly string[] =>
  plannedJob(text, name)?.variables.map(({ key, value, raw }) => `${key}=${value}${raw ? " (raw)" : ""}`) ?? [];

describe("a job's variables", () => {
  it("are the file's top's and its own, the job's above", () => {
    expect(textOf("variables: {A: top, B: top}\njob: {script: s, variables: {B: job, C: job}}")).toEqual([
      "A=top",
      "B=job",
      "C=job",
    ]);
  });

  it.each<[string, readonly string[]]>([
    ["true", ["A=1", "B=2"]],
    ["false", []],
    ["[B, X]", ["B=2"]],
  ])("are of the top what `inherit` takes: %s", (inherit, expected) => {
    expect(textOf(`variables: {A: 1, B: 2}\njob: {script: s, inherit: {variables: ${inherit}}}`)).toEqual(expected);
  });

  it("are texts as Ruby writes them, a null an empty one", () => {
    expect(
      textOf(
        "job: {script: s, variables: {A: null, B: yes, C: 1.50, D: 12345678901234567890, E: {value: $A, expand: false}}}",
      ),
    ).toEqual(["A=", "B=true", "C=1.5", "D=12345678901234567890", "E=$A (raw)"]);
  });

  it("of the top with a description are no maps", () => {
    expect(textOf("variables: {A: {value: x, description: what, options: [x, y]}}\njob: {script: s}")).toEqual(["A=x"]);
  });
});

describe("rules see", () => {
  const all: Partial<PipelineContext> = {
    predefined: variables({ P: "predefined", GITLAB_USER_LOGIN: "ann" }),
    project: variables({ Q: "project" }),
    given: variables({ G: "given" }),
  };
  it.each<[string, string]>([
    ["what is given before all else", '$G == "given"'],
    ["the project's before the file's", '$Q == "project"'],
    ["the file's before predefined ones", '$P == "file"'],
    ["who caused the event, whatever the file says", '$GITLAB_USER_LOGIN == "ann"'],
    ["the job's name", '$CI_JOB_NAME == "job"'],
    ["and its stage", '$CI_JOB_STAGE == "test"'],
    ["its environment, expanded", '$CI_ENVIRONMENT_NAME == "on/file"'],
    ["values as they are written", '$W != "file"'],
  ])("%s", (_, condition) => {
    const text = `
other: {script: s}
job:
  script: s
  environment: on/$V
  variables: {G: file, Q: file, P: file, V: file, W: $V, GITLAB_USER_LOGIN: eve}
  rules: [{if: '${condition}'}]
`;
    expect(names(text, all)).toContain("job");
  });
});

describe("names with variables", () => {
  const event = { predefined: variables({ REF: "main", SLUG: "m" }) };
  it.each<[string, string, unknown]>([
    ["an environment", "environment: review/$SLUG", { environment: { name: "review/m" } }],
    [
      "an environment's variable that nobody has is nothing",
      "environment: 'x-${NOPE}y'",
      { environment: { name: "x-y" } },
    ],
    [
      "an environment of variables in variables",
      "environment: $A, variables: {A: a$B, B: b$SLUG}",
      { environment: { name: "abm" } },
    ],
    [
      "a raw one stays",
      "environment: $A, variables: {A: {value: a$SLUG, expand: false}}",
      { environment: { name: "a$SLUG" } },
    ],
    ["two dollars stay", "resource_group: $A, variables: {A: a$$SLUG}", { resourceGroup: "a$$SLUG" }],
    [
      "a URL is left to the job's end",
      "environment: {name: a, url: 'https://$SLUG'}",
      { environment: { url: "https://$SLUG" } },
    ],
    ["a resource group", "resource_group: deploy-$SLUG", { resourceGroup: "deploy-m" }],
    ["a tag", "tags: ['$SLUG', '${REF}-x', '$NOPE']", { tags: ["m", "main-x", "$NOPE"] }],
    ["a tag that is two", "tags: [$A], variables: {A: 'x, y'}", { tags: ["x", "y"] }],
    ["an image is left to the runner", "image: $SLUG", { image: { name: "$SLUG" } }],
    ["a cache is left to the runner", "cache: {key: $SLUG}", { cache: [{ key: "$SLUG" }] }],
    ["itself means what it hides", "environment: $SLUG, variables: {SLUG: 'x$SLUG'}", { environment: { name: "xm" } }],
  ])("%s", (_, keywords, expected) => {
    expect(plannedJob(`job: {script: s, ${keywords}}`, "job", event)).toMatchObject(expected as object);
  });

  it.each<[string, string | null]>([
    ["Build of $REF by $TOP", "Build of main by top"],
    ["' $NOPE '", null],
    ["'  plain  '", "plain"],
  ])("the pipeline's: %s", (name, expected) => {
    expect(planned(`workflow: {name: ${name}}\nvariables: {TOP: top}\njob: {script: s}`, event).name).toBe(expected);
  });

  it("an environment's that becomes none is warned of, without showing it", () => {
    const text = "job: {script: s, environment: on/$SECRET}";
    expect(warnings(text, { project: variables({ SECRET: "a:b" }) })).toEqual([
      "jobs:job:environment has a name that is none once its variables are expanded, and so the job fails at once",
    ]);
  });

  it("a pipeline's name that becomes too long is an error", () => {
    const text = `workflow: {name: $A}\nvariables: {A: ${"x".repeat(256)}}\njob: {script: s}`;
    expect(errors(text)).toEqual(["Failed to build pipeline metadata! Name is too long (maximum is 255 characters)"]);
  });
});

describe("variables that name one another in a circle", () => {
  it.each<[string, string]>([
    ["in a job", "job: {script: s, variables: {A: $B, B: '${A}'}}"],
    ["in the file's top", "variables: {A: $B, B: $A}\njob: {script: s}"],
    ["across both", "variables: {A: $B}\njob: {script: s, variables: {B: $A}}"],
  ])("%s are an error", (_, text) => {
    expect(errors(text)).toEqual([
      expect.stringMatching(/^job: circular variable reference detected: \["[AB]", "[AB]"\]$/) as string,
    ]);
  });

  it("are none where the job's own value breaks it", () => {
    expect(errors("variables: {A: $B, B: $A}\njob: {script: s, variables: {A: a}}")).toEqual([]);
  });
});

describe("auto-cancel", () => {
  it.each<[string, object]>([
    ["{}", { onNewCommit: "conservative", onJobFailure: "none" }],
    ["{auto_cancel: {on_new_commit: interruptible}}", { onNewCommit: "interruptible", onJobFailure: "none" }],
    [
      "{auto_cancel: {on_new_commit: none, on_job_failure: all}, rules: [{auto_cancel: {on_new_commit: interruptible}}]}",
      { onNewCommit: "interruptible", onJobFailure: "all" },
    ],
  ])("%s", (workflow, expected) =>
    expect(planned(`workflow: ${workflow}\njob: {script: s}`).autoCancel).toEqual(expected),
  );
});
