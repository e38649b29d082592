import { describe, expect, it } from "vitest";
import { compiled, errors, names, planned, plannedJob } from "./compiling.ts";

describe("a job of one line", () => {
  it("becomes a planned job with GitLab's defaults", () => {
    expect(planned("job: {script: make}")).toEqual({
      name: null,
      stages: ["test"],
      autoCancel: { onNewCommit: "conservative", onJobFailure: "none" },
      jobs: [
        {
          name: "job",
          group: "job",
          stage: "test",
          when: "on_success",
          startInSeconds: null,
          allowFailure: false,
          allowFailureExitCodes: [],
          needs: null,
          dependencies: null,
          beforeScript: [],
          script: ["make"],
          afterScript: [],
          preGetSourcesScript: [],
          image: null,
          services: [],
          variables: [],
          artifacts: null,
          cache: [],
          tags: [],
          timeoutSeconds: null,
          retry: { max: 0, when: [], exitCodes: [] },
          node: null,
          resourceGroup: null,
          interruptible: false,
          environment: null,
          coverage: null,
          release: null,
          pages: null,
          manualConfirmation: null,
        },
      ],
    });
  });
});

describe("what a job says", () => {
  it("is in its plan", () => {
    const text = `
default:
  image: alpine
  before_script: [[setup]]
job:
  stage: build
  script: [a, [b, c]]
  after_script: done
  hooks: {pre_get_sources_script: early}
  services: [redis]
  tags: [docker, docker, "a, b"]
  timeout: 1 hour
  retry: {max: 2, when: script_failure}
  interruptible: true
  coverage: /(\\d+)%/
  cache: {key: k, paths: [c]}
  artifacts: {paths: [out]}
  allow_failure: {exit_codes: 3}
  when: delayed
  start_in: 5 minutes
  resource_group: prod
  environment: {name: prod, url: "https://$CI_COMMIT_REF_SLUG.example"}
  manual_confirmation: sure?
`;
    expect(plannedJob(text)).toMatchObject({
      stage: "build",
      beforeScript: ["setup"],
      script: ["a", "b", "c"],
      afterScript: ["done"],
      preGetSourcesScript: ["early"],
      image: { name: "alpine" },
      services: [{ name: "redis" }],
      tags: ["docker", "a", "b"],
      timeoutSeconds: 3600,
      retry: { max: 2, when: ["script_failure"], exitCodes: [] },
      interruptible: true,
      coverage: "(\\d+)%",
      cache: [{ key: "k", paths: ["c"], policy: "pull-push" }],
      artifacts: { paths: ["out"] },
      allowFailure: false,
      allowFailureExitCodes: [3],
      when: "delayed",
      startInSeconds: 300,
      resourceGroup: "prod",
      environment: { name: "prod", url: "https://$CI_COMMIT_REF_SLUG.example", action: "start" },
      manualConfirmation: "sure?",
    });
  });

  it("replaces what it would inherit; null takes it", () => {
    const text =
      "image: a\nbefore_script: [x]\nown: {script: s, image: b, before_script: []}\ntakes: {script: s, image: null}";
    expect(plannedJob(text, "own")).toMatchObject({ image: { name: "b" }, beforeScript: [] });
    expect(plannedJob(text, "takes")).toMatchObject({ image: { name: "a" }, beforeScript: ["x"] });
  });
});

describe("a job that may fail", () => {
  it.each<[string, boolean]>([
    ["{script: s}", false],
    ["{script: s, allow_failure: true}", true],
    ["{script: s, when: manual}", true],
    ["{script: s, when: manual, allow_failure: false}", false],
    ["{script: s, rules: [{when: manual}]}", false],
    ["{script: s, rules: [{when: manual, allow_failure: true}]}", true],
    ["{script: s, allow_failure: true, rules: [{when: manual}]}", true],
    ["{script: s, allow_failure: true, rules: [{when: always, allow_failure: false}]}", false],
    ["{script: s, when: manual, rules: [{if: $A}, {when: on_success}]}", true],
    ["{script: s, when: delayed, start_in: 1 day}", false],
  ])("%s: %s", (job, expected) => expect(plannedJob(`job: ${job}`)?.allowFailure).toBe(expected));

  it("with exit codes loses them by a rule that says `allow_failure`", () => {
    const text = "job: {script: s, allow_failure: {exit_codes: 3}, rules: [{when: always, allow_failure: true}]}";
    expect(plannedJob(text)).toMatchObject({ allowFailure: true, allowFailureExitCodes: [] });
  });
});

describe("a job with `pages`", () => {
  it.each<[string, string, unknown, unknown]>([
    ["by its name", "pages: {script: s}", "public", ["public"]],
    ["by the keyword", "site: {script: s, pages: true}", "public", ["public"]],
    ["with a folder", "site: {script: s, pages: {publish: out}}", "out", ["out"]],
    ["with `publish`", "site: {script: s, pages: true, publish: out}", "out", ["out"]],
    [
      "with artifacts of its own",
      "site: {script: s, pages: true, artifacts: {paths: [x, public]}}",
      "public",
      ["x", "public"],
    ],
    ["not by its name if it says no", "pages: {script: s, pages: false}", undefined, undefined],
    ["not without either", "site: {script: s}", undefined, undefined],
  ])("%s", (_, text, publish, paths) => {
    const [job] = planned(text).jobs;
    expect([job?.pages?.publish, job?.artifacts?.paths]).toEqual([publish, paths]);
  });
});

describe("what isn't a job", () => {
  it.each<[string, string, readonly string[]]>([
    [
      "a job without a script",
      "job: {image: a}",
      ["jobs:job config should implement the script:, run:, or trigger: keyword"],
    ],
    ["an empty script", "job: {script: []}", ["jobs:job script can't be blank"]],
    ["a script of nothing", "job: {script: null}", ["jobs:job script can't be blank"]],
    ["only hidden jobs", ".job: {script: s}", ["jobs config should contain at least one visible job"]],
    ["no job at all", "stages: [a]", ["jobs config should contain at least one visible job"]],
    [
      "an unknown keyword",
      "job: {script: s, scripts: t, before_scirpt: u, foo: 1}",
      [
        "jobs:job config contains unknown keys: scripts (did you mean script?), before_scirpt (did you mean before_script?), foo",
      ],
    ],
    [
      "`only` beside `rules`",
      "job: {script: s, only: [main], rules: [{when: always}]}",
      ["jobs:job config key may not be used with `rules`: only"],
    ],
    ["`start_in` without a delay", "job: {script: s, start_in: 1 day}", ["jobs:job start in must be blank"]],
    ["a delay without `start_in`", "job: {script: s, when: delayed}", ["jobs:job start in should be a duration"]],
    [
      "dependencies that aren't needed",
      "a: {script: s}\nb: {script: s}\njob: {script: s, needs: [a], dependencies: [a, b]}",
      ["jobs:job dependencies the b should be part of needs"],
    ],
    [
      "`publish` without pages",
      "job: {script: s, publish: out}",
      ["jobs:job publish can only be used within a `pages` job"],
    ],
    [
      "a folder of pages said twice",
      "pages: {script: s, publish: out, pages: {publish: out}}",
      ["pages job: use either pages:publish or pages:pages:publish"],
    ],
    [
      `a name of 256 characters`,
      `${"n".repeat(256)}: {script: s}`,
      [`jobs:${"n".repeat(256)} name is too long (maximum is 255 characters)`],
    ],
    ["a name of nothing", '"": {script: s}', ["jobs: name can't be blank"]],
  ])("%s is an error", (_, text, expected) => expect(errors(text)).toEqual(expected));
});

describe("what Signalbox doesn't have", () => {
  it.each<[string, string, string]>([
    ["trigger", "{trigger: group/project}", "pipelines that start other pipelines"],
    ["id_tokens", "{script: s, id_tokens: {T: {aud: x}}}", "ID tokens"],
    ["secrets", "{script: s, secrets: {}}", "secrets from a vault"],
    ["identity", "{script: s, identity: google_cloud}", "identities at cloud providers"],
    ["run", "{run: [{name: a}]}", "steps"],
    ["dast_configuration", "{script: s, dast_configuration: {site_profile: x}}", "profiles for DAST"],
    ["inputs", "{script: s, inputs: {a: {}}}", "inputs of single jobs"],
  ])("%s names job and key", (key, job, what) =>
    expect(errors(`job: ${job}`)).toEqual([`jobs:job:${key} is not supported: Signalbox has no ${what}`]),
  );

  it("is told of `default` once, whoever inherits it", () => {
    expect(errors("default: {id_tokens: {T: {aud: x}}}\na: {script: s}\nb: {script: s}")).toEqual([
      "default:id_tokens is not supported: Signalbox has no ID tokens",
    ]);
  });
});

describe("errors", () => {
  it("come all at once, in the order of the file", () => {
    const text = `
stages: build
workflow: {rules: [{when: maybe}]}
variables: {A: [1]}
default: {image: 12, timout: 1h}
one: {script: 12, when: never}
two: {script: s, retry: 9, needs: [nobody]}
`;
    expect(errors(text)).toEqual([
      "default config contains unknown keys: timout (did you mean timeout?)",
      "default:image config should be a hash or a string",
      "stages config should be an array of strings or a nested array of strings up to 10 levels deep",
      "workflow:rules:rule when unknown value: maybe",
      "variables:A variable definition must be either a string or a hash",
      "jobs:one:script config should be a string or a nested array of strings up to 10 levels deep",
      "jobs:one when should be one of: on_success, on_failure, always, manual, delayed",
      "jobs:two:retry config must be less than or equal to 2",
      "two job: undefined need: nobody",
    ]);
  });

  it("name the file that the job stands in", () => {
    const compilation = compiled(
      "include: {local: /jobs.yml}",
      {},
      { files: new Map([["jobs.yml", "job: {script: 1}"]]) },
    );
    expect(compilation.kind === "errors" && compilation.errors).toMatchObject([
      { file: "jobs.yml", message: expect.stringContaining("jobs:job:script") as string },
    ]);
  });

  it("name that file also where only the event shows them", () => {
    const jobs = "a: {stage: build, script: s, rules: [{when: never}]}\njob: {script: s, needs: [a]}";
    const compilation = compiled("include: {local: /jobs.yml}", {}, { files: new Map([["jobs.yml", jobs]]) });
    expect(compilation.kind === "errors" && compilation.errors).toMatchObject([
      { file: "jobs.yml", message: expect.stringContaining("'job' job needs 'a' job") as string },
    ]);
  });

  it("of what two jobs share are told of each", () => {
    const text = ".base: {retry: 9}\na: {extends: .base, script: s}\nb: {extends: .base, script: s}";
    expect(errors(text)).toEqual([
      "jobs:a:retry config must be less than or equal to 2",
      "jobs:b:retry config must be less than or equal to 2",
    ]);
  });

  it("of needs of a job that could not be read are not told", () => {
    expect(errors("a: {extends: .nobody, script: s}\nb: {script: s, needs: [a]}")).toEqual([
      "a: unknown keys in `extends` (.nobody)",
    ]);
  });
});

describe("jobs of a pipeline", () => {
  it("are ordered by stage, then as in the file", () => {
    const text = `
stages: [two, one]
a: {stage: one, script: s}
b: {stage: .post, script: s}
c: {stage: two, script: s}
d: {stage: one, script: s}
e: {stage: .pre, script: s}
`;
    expect(names(text)).toEqual(["e", "c", "a", "d", "b"]);
    expect(planned(text).stages).toEqual([".pre", "two", "one", ".post"]);
  });
});
