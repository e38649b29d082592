import { describe, expect, it } from "vitest";
import { composed, errors, job, messages } from "./composing.ts";

describe("default", () => {
  it.each<[string, string, unknown]>([
    [
      "gives jobs what they lack",
      "default: {image: i, tags: [t]}\njob: {script: x, image: j}",
      { script: "x", image: "j", tags: ["t"] },
    ],
    [
      "doesn't merge with what they have",
      "default: {cache: {paths: [a], key: k}}\njob: {script: x, cache: {paths: [b]}}",
      { script: "x", cache: { paths: ["b"] } },
    ],
    [
      "is taken where a job has null",
      "default: {image: i}\njob: {script: x, image: null}",
      { script: "x", image: "i" },
    ],
    [
      "isn't where a job has an empty list",
      "default: {before_script: [a]}\njob: {script: x, before_script: []}",
      { script: "x", before_script: [] },
    ],
    [
      "comes after extends",
      "default: {image: i}\n.a: {image: j}\njob: {extends: .a, script: x}",
      { image: "j", script: "x" },
    ],
    ["gives nothing but its own keywords", "default: {stage: s}\njob: {script: x}", { script: "x" }],
    ["may be empty", "default:\njob: {script: x}", { script: "x" }],
    [
      "has an older form at the file's top",
      "image: i\nbefore_script: [b]\nservices: [s]\ncache: {key: k}\nafter_script: [a]\njob: {script: x}",
      { script: "x", image: "i", before_script: ["b"], services: ["s"], cache: { key: "k" }, after_script: ["a"] },
    ],
    ["of the older form there are five", "tags: {script: y}\njob: {script: x}", { script: "x" }],
  ])("%s", (_, text, expected) => expect(job(text)).toEqual(expected));

  it("can't say what the top says, too", () => {
    expect(errors("image: a\ndefault: {image: b, tags: [t]}\njob: {script: x}")).toEqual([
      "image is defined in top-level and `default:` entry",
    ]);
  });

  it("says nothing if it is null in one of the two", () => {
    expect(job("image: a\ndefault: {image: null}\njob: {script: x}")).toEqual({ script: "x", image: "a" });
  });

  it("has to be a hash", () =>
    expect(errors("default: [a]\njob: {script: x}")).toEqual(["default config should be a hash"]));

  it("is told of where it stands, so that what is wrong there is told once", () => {
    const config = composed("default: {image: i}\ncache: {key: k}\njob: {script: x, tags: [t]}");
    expect([...(config.jobs.get("job")?.inherited ?? [])]).toEqual([
      ["cache", "cache"],
      ["image", "default:image"],
    ]);
  });

  it("shared by many jobs, is too big if it would be written out beyond the bound", () => {
    const long = Array.from({ length: 2000 }, (_, i) => `x${i}`).join(", ");
    const jobs = Array.from({ length: 300 }, (_, i) => `j${i}: {script: x}`).join("\n");
    expect(errors(`default: {before_script: [${long}]}\n${jobs}`)).toEqual(["The parsed YAML is too big"]);
  });
});

describe("inherit", () => {
  const text = (inherit: string): string =>
    `variables: {A: 1, B: 2}\ndefault: {image: i, tags: [t]}\njob: {script: x, inherit: ${inherit}}`;

  it.each<[string, string, unknown]>([
    ["default: false takes nothing", "{default: false}", { script: "x" }],
    ["default: true takes all", "{default: true}", { script: "x", image: "i", tags: ["t"] }],
    ["default takes what a list names", "{default: [tags, retry]}", { script: "x", tags: ["t"] }],
    ["default: null takes all", "{default: null}", { script: "x", image: "i", tags: ["t"] }],
    ["may be nothing", "", { script: "x", image: "i", tags: ["t"] }],
  ])("%s", (_, inherit, expected) => expect(job(text(inherit))).toEqual(expected));

  it.each<[string, boolean | readonly string[]]>([
    ["{}", true],
    ["{variables: true}", true],
    ["{variables: false}", false],
    ["{variables: [A, C]}", ["A", "C"]],
  ])("%s says which variables a job takes", (inherit, expected) => {
    expect(composed(text(inherit)).jobs.get("job")?.inheritVariables).toEqual(expected);
  });

  it.each<[string, readonly string[]]>([
    ["x", ["jobs:job:inherit config should be a hash"]],
    ["{image: false}", ["jobs:job:inherit config contains unknown keys: image"]],
    ["{default: x}", ["jobs:job:inherit:default should be a bool or array of strings"]],
    ["{default: [image, script]}", ["jobs:job:inherit:default config contains unknown values: script"]],
    ["{variables: {A: 1}}", ["jobs:job:inherit:variables should be a bool or array of strings"]],
    ["{variables: [A, 1]}", ["jobs:job:inherit:variables config should be an array of strings"]],
  ])("%s is refused", (inherit, expected) => expect(errors(text(inherit))).toEqual(expected));
});

describe("keys at the file's top", () => {
  it("are jobs, unless they are hidden or mean something", () => {
    const config = composed(
      "stages: [a]\nworkflow: {name: n}\nvariables: {A: 1}\n.hidden: {script: x}\npages: {script: y}\nb: {stage: z}\n",
    );
    expect([[...config.jobs.keys()], [...config.top.keys()]]).toEqual([
      ["pages", "b"],
      ["stages", "workflow", "variables"],
    ]);
  });

  it("`default` and `workflow` are jobs if they have a script, as in GitLab", () => {
    const config = composed("default: {script: x}\nworkflow: {trigger: y}\n");
    expect([[...config.jobs.keys()], [...config.top.keys()]]).toEqual([["default", "workflow"], []]);
  });

  it("are refused if they can be no job", () => {
    const config = composed("a: [x]\nb: text\n.c: [x]\nd: {script: x}\n");
    const told = "config should implement the script:, run:, or trigger: keyword";
    expect(messages(config, "error")).toEqual([`jobs:a ${told}`, `jobs:b ${told}`]);
    expect(config.problems.map(({ file }) => file)).toEqual([".gitlab-ci.yml", ".gitlab-ci.yml"]);
  });
});
