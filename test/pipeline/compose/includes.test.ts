import { describe, expect, it } from "vitest";
import { matchingPaths } from "../../../src/pipeline/compose/includes/wildcard.ts";
import { Work } from "../../../src/pipeline/compose/work.ts";
import { composed, context, errors, files, job, merged, messages, variables } from "./composing.ts";

const having = (given: Record<string, string>) => ({ files: files(given) });

describe("include:local", () => {
  it.each<[string, string, Record<string, string>, unknown]>([
    ["is a path", "include: a.yml\njob: {script: x}", { "a.yml": "job: {image: i}" }, { image: "i", script: "x" }],
    [
      "may begin with a slash",
      "include: /ci/a.yml\njob: {script: x}",
      { "ci/a.yml": "job: {image: i}" },
      { image: "i", script: "x" },
    ],
    [
      "is a hash",
      "include: {local: a.yml}\njob: {script: x}",
      { "a.yml": "job: {image: i}" },
      { image: "i", script: "x" },
    ],
    [
      "is a list of both",
      "include: [a.yml, {local: b.yaml}]\njob: {script: x}",
      { "a.yml": "job: {image: i}", "b.yaml": "job: {tags: [t]}" },
      { image: "i", tags: ["t"], script: "x" },
    ],
    ["is nothing", "include:\njob: {script: x}", {}, { script: "x" }],
    [
      "the including file wins",
      "job: {image: own}\ninclude: a.yml",
      { "a.yml": "job: {image: i, script: x}" },
      { image: "own", script: "x" },
    ],
    [
      "the later file wins",
      "include: [a.yml, b.yml]",
      { "a.yml": "job: {image: a, script: x}", "b.yml": "job: {image: b}" },
      { image: "b", script: "x" },
    ],
    [
      "hashes are merged at any depth",
      "include: a.yml\njob: {variables: {A: {value: own}}}",
      { "a.yml": "job: {script: x, variables: {A: {value: a, expand: false}, B: b}}" },
      { script: "x", variables: { A: { value: "own", expand: false }, B: "b" } },
    ],
    [
      "lists are replaced",
      "include: a.yml\njob: {script: [own]}",
      { "a.yml": "job: {script: [x, y]}" },
      { script: ["own"] },
    ],
    [
      "goes on in what is included",
      "include: a.yml",
      { "a.yml": "include: sub/b.yml\njob: {image: a}", "sub/b.yml": "job: {image: b, script: x}" },
      { image: "a", script: "x" },
    ],
    [
      "the same file may be included twice",
      "include: [a.yml, b.yml, a.yml]",
      { "a.yml": "job: {image: a, script: x}", "b.yml": "job: {image: b}" },
      { image: "a", script: "x" },
    ],
    ["extends sees all files", "include: a.yml\njob: {extends: .a}", { "a.yml": ".a: {script: x}" }, { script: "x" }],
    [
      "!reference sees all files",
      "include: a.yml",
      { "a.yml": "job: {script: !reference [.b, script]}\ninclude: b.yml", "b.yml": ".b: {script: [x]}" },
      { script: ["x"] },
    ],
    [
      "anchors do not",
      "include: a.yml\njob: {script: x}",
      { "a.yml": "job: {tags: *t}" },
      ["`a.yml`: An alias referenced an unknown anchor: t"],
    ],
  ])("%s", (_, text, given, expected) => expect(job(text, "job", having(given))).toEqual(expected));

  const tree = {
    "ci/a.yml": "a: {script: a}",
    "ci/b.yml": "b: {script: b}",
    "ci/deep/c.yml": "c: {script: c}",
    "ci/deep/er/d.yml": "d: {script: d}",
    "ci/readme.md": "x",
  };

  it.each<[string, readonly string[]]>([
    ["ci/*.yml", ["a", "b"]],
    ["/ci/*.yml", ["a", "b"]],
    ["ci/**.yml", ["a", "b", "c", "d"]],
    ["ci/**/*.yml", ["c", "d"]],
    ["ci/*/*.yml", ["c"]],
    ["**/d*", ["d"]],
    ["*/a.yml", ["a"]],
    ["ci/**r/*.yml", ["d"]],
    ["ci/a.yml*", ["a"]],
  ])("%s takes in %j", (pattern, jobs) => {
    expect([...composed(`include: '${pattern}'`, having(tree)).jobs.keys()]).toEqual(jobs);
  });

  it("takes its stars from the tree where one is known", () => {
    const config = composed("include: 'ci/*.yml'", { ...having(tree), context: context({ tree: ["ci/b.yml", "x"] }) });
    expect([...config.jobs.keys()]).toEqual(["b"]);
  });

  it("stars in a file don't mean the file itself", () => {
    const own = {
      ".gitlab-ci.yml": "own: {script: x}",
      "ci/a.yml": "include: 'ci/*.yml'\na: {script: a}",
      "ci/b.yml": "b: {script: b}",
    };
    expect([...composed("include: ci/a.yml", having(own)).jobs.keys()]).toEqual(["b", "a"]);
    expect([...composed("include: '*.yml'\nc: {script: c}", having(own)).jobs.keys()]).toEqual(["c"]);
  });

  it("warns of stars that no file matches", () => {
    expect(messages(composed("include: 'x/*.yml'\njob: {script: x}", having(tree)), "warning")).toEqual([
      "include `x/*.yml` matches no file",
    ]);
  });

  it("expands variables that are known before the file", () => {
    const given = {
      context: context({ predefined: variables({ DIR: "no", CI_REF: "main" }), given: variables({ DIR: "ci" }) }),
      ...having({ "ci/main.yml": "job: {script: x}" }),
    };
    expect(job("variables: {DIR: file}\ninclude: '${DIR}/$CI_REF$NONE.yml'", "job", given)).toEqual({ script: "x" });
  });
});

describe("include:rules", () => {
  it.each<[string, boolean]>([
    ["[]", false],
    ['[{if: $A == "1"}]', true],
    ['[{if: $A == "2"}]', false],
    ['[{if: $A == "2"}, {if: $A}]', true],
    ["[{if: $A, when: never}]", false],
    ["[{if: $A, when: never}, {when: always}]", false],
    ["[{if: $NONE, when: never}, {when: always}]", true],
    ["[{when: always}]", true],
    ["[{exists: [Dockerfile]}]", true],
    ["[{exists: {paths: [Makefile]}}]", false],
    ["[{exists: [$FOLDER/**]}]", true],
    ["[{changes: [src/*]}]", true],
    ["[{changes: {paths: [docs/*], compare_to: main}}]", false],
    ["[{if: $A, changes: [docs/*]}]", false],
    ["[[{if: $NONE}], [{if: $A}]]", true],
  ])("%s: %s", (rules, taken) => {
    const config = composed(`include: {local: a.yml, rules: ${rules}}\njob: {script: x}`, {
      ...having({ "a.yml": "more: {script: y}" }),
      context: context({
        given: variables({ A: "1", FOLDER: "src" }),
        tree: ["Dockerfile", "src/x.c"],
        changedPaths: ["src/x.c"],
      }),
    });
    expect([messages(config, "error"), config.jobs.has("more")]).toEqual([[], taken]);
  });

  it("changes hold where nobody knows what has changed; exists doesn't, and says so", () => {
    const text = "include: [{local: a.yml, rules: [{changes: [x]}]}]\njob: {script: x}";
    expect(composed(text, having({ "a.yml": "more: {script: y}" })).jobs.has("more")).toBe(true);
    const config = composed("include: [{local: a.yml, rules: [{exists: [x]}]}]\njob: {script: x}");
    expect(messages(config, "warning")).toEqual([
      "include:rules:rule:exists does not hold: the files of the repository are not known",
    ]);
  });

  it.each<[string, string]>([
    ["x", "include:rules config should be an array"],
    ["[x]", "include:rules:rule config should be a hash"],
    ["[{}]", "include:rules:rule config can't be blank"],
    ["[{if: $A, allow_failure: true}]", "include:rules:rule config contains unknown keys: allow_failure"],
    ["[{if: $A, when: manual}]", "include:rules:rule when unknown value: manual"],
    ["[{if: 1}]", "include:rules:rule if invalid expression syntax"],
    ["[{if: $A =}]", "include:rules:rule if invalid expression syntax"],
    ["[{exists: [1]}]", "include:rules:rule:exists config should be an array of strings"],
  ])("%s: %s", (rules, message) => {
    const given = {
      ...having({ "a.yml": "more: {script: y}" }),
      context: context({ given: variables({ A: "1" }), tree: [] }),
    };
    expect(errors(`include: {local: a.yml, rules: ${rules}}\njob: {script: x}`, given)).toEqual([message]);
  });
});

describe("what include can't be", () => {
  const SUBKEYS = "`local`, `project`, `remote`, `template`, `artifact`, `component`";

  it.each<[string, string]>([
    ["none.yml", "Local file `none.yml` does not exist!"],
    ["empty.yml", "Local file `empty.yml` is empty!"],
    ["comment.yml", "Included file `comment.yml` does not have valid YAML syntax!"],
    ["list.yml", "`list.yml`: Invalid configuration format"],
    ["broken.yml", "`broken.yml`: (<unknown>): mapping values are not allowed in this context at line 1 column 5"],
    ["a.txt", "Included file `a.txt` does not have YAML extension!"],
    [".yml", "Included file `.yml` does not have YAML extension!"],
    ["5", "Each include must be a hash or a string"],
    ["[[a.yml]]", "Each include must be a hash or a string"],
    ["{file: a.yml}", `\`{"file":"a.yml"}\` does not have a valid subkey for include. Valid subkeys are: ${SUBKEYS}`],
    ["{local: ''}", `\`{"local":""}\` does not have a valid subkey for include. Valid subkeys are: ${SUBKEYS}`],
    ["{local: a.yml, remote: 'https://x/a.yml'}", `Each include must use only one of: ${SUBKEYS}`],
    ["{local: 5}", "Included file `5` needs to be a string"],
    ["{local: a.yml, inputs: [b]}", "include inputs config should be a hash"],
    ["{project: p/q}", "include config must specify the file where to fetch the config from"],
    ["https://x.org/a.yml", "include:remote `https://x.org/a.yml` is not supported here: nothing can fetch it"],
    ["{remote: a.yml}", "Remote file `a.yml` does not have a valid address!"],
    [
      "{remote: 'https://x.org/a.yml', integrity: md5}",
      "include config integrity hash must start with 'sha256-' and be base64 encoded",
    ],
    ["{project: p/q, file: a.yml}", "include:project `a.yml` is not supported here: nothing can fetch it"],
    ["{template: a.yml}", "Template file `a.yml` is not a valid location!"],
    ["{template: Go.gitlab-ci.yml}", "include:template `Go.gitlab-ci.yml` is not supported here: nothing can fetch it"],
    ["{component: 'x.org/p/c@1'}", "include:component `x.org/p/c@1` is not supported here: nothing can fetch it"],
    ["{artifact: a.yml, job: b}", "include:artifact `a.yml` is not supported: it needs child pipelines"],
  ])("%s: %s", (include, message) => {
    const given = having({
      "empty.yml": " \n",
      "comment.yml": "# x",
      "list.yml": "- a",
      "broken.yml": "a: b: c",
      "a.yml": "a: {script: x}",
    });
    expect(errors(`include: ${include}\njob: {script: x}`, given)).toEqual([message]);
  });

  it("is told all at once, each with the file that includes", () => {
    const config = composed("include: [x.yml, a.yml]", having({ "a.yml": "include: [y.yml, 5]\na: {script: x}" }));
    expect(config.problems.map(({ message, file }) => [message, file])).toEqual([
      ["Local file `x.yml` does not exist!", ".gitlab-ci.yml"],
      ["Each include must be a hash or a string", "a.yml"],
      ["Local file `y.yml` does not exist!", "a.yml"],
    ]);
  });

  it("ends composing there: what would be missing then isn't told", () => {
    expect(errors("include: x.yml\njob: {extends: .x}")).toEqual(["Local file `x.yml` does not exist!"]);
  });

  it("is warned of if it only has keys that nobody reads", () => {
    const config = composed("include: {local: a.yml, locale: b}", having({ "a.yml": "a: {script: x}" }));
    expect(messages(config, "warning")).toEqual(["include has keys that are ignored: locale"]);
  });

  it("hides values of masked variables", () => {
    const given = { context: context({ project: [{ key: "T", value: "s3cret", masked: true }] }) };
    expect(errors("include: 'ci/$T.yml'", given)).toEqual(["Local file `ci/[MASKED].yml` does not exist!"]);
  });
});

describe("includes have bounds", () => {
  const many = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`ci/${i}.yml`, `j${i}: {script: x}`]));
  const TOO_MANY = "Maximum of 150 nested includes are allowed!";

  it("150 files are taken in", () => expect(composed("include: 'ci/*.yml'", having(many(150))).jobs.size).toBe(150));

  it("not more", () => expect(errors("include: 'ci/*.yml'", having(many(151)))).toEqual([TOO_MANY]));

  it("the same file counts each time", () => {
    expect(errors(`include: [${"a.yml, ".repeat(151)}]`, having({ "a.yml": "a: {script: x}" }))).toEqual([TOO_MANY]);
  });

  it("a file that includes itself ends there", () => {
    expect(errors("include: a.yml", having({ "a.yml": "include: a.yml\na: {script: x}" }))).toEqual([TOO_MANY]);
    expect(errors("include: a.yml", having({ "a.yml": "include: [a.yml, a.yml]\na: {script: x}" }))).toEqual([
      TOO_MANY,
    ]);
  });

  it("a chain of 150 files is followed", () => {
    const chain = Object.fromEntries(
      Array.from({ length: 150 }, (_, i) => [
        `${i}.yml`,
        i < 149 ? `include: ${i + 1}.yml\nj${i}: {script: x}` : "last: {script: x}",
      ]),
    );
    expect(composed("include: 0.yml", having(chain)).jobs.size).toBe(150);
  });

  it("all texts together have a megabyte", () => {
    const long = having({ "a.yml": `a: {script: "${"x".repeat(600_000)}"}` });
    expect(errors("include: [a.yml]\njob: {script: x}", long)).toEqual([]);
    expect(errors("include: [a.yml, a.yml]\njob: {script: x}", long)).toEqual([
      "Total size of combined CI/CD configuration is too big",
    ]);
  });

  it("thousands of files that are only offered cost nothing", () => {
    const offered = having({ ...many(10_000), "a.yml": "a: {script: x}" });
    expect(merged("include: a.yml", offered)).toEqual({ a: { script: "x" } });
  });

  it.each<[string, string, number]>([
    // A path of 204 characters is gone through once per part of the pattern, and only if its ends fit.
    ["a pattern that begins otherwise", "ci/**.yml", 100],
    ["a pattern that ends otherwise", "**.yaml", 100],
    ["stars", `${"*a".repeat(50)}*`, 100 + (103 * 204 * 100) / 4],
    ["double stars", `${"**a".repeat(50)}**`, 100 + (103 * 204 * 100) / 4],
  ])("%s cost a known number of steps", (_, pattern, steps) => {
    const paths = Array.from({ length: 100 }, (_, i) => `${"a".repeat(200)}${String(i).padStart(4, "0")}`);
    expect(() => matchingPaths(pattern, paths, new Work(steps))).not.toThrow();
    expect(() => matchingPaths(pattern, paths, new Work(steps - 1))).toThrow("The parsed YAML is too big");
  });

  it("and more steps than there are end it", () => {
    const offered = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`${"a".repeat(200)}${i}.yml`, ""]));
    expect(errors(`include: '${"*a".repeat(500)}*.yml'`, having(offered))).toEqual(["The parsed YAML is too big"]);
    expect(errors(`include: [${"'ci/*x.yml', ".repeat(1000)}]`, having(offered))).toEqual([
      "The parsed YAML is too big",
    ]);
  });
});

describe("lint's includes", () => {
  it("list every file in the order in which GitLab meets them", () => {
    const given = {
      ...having({ "a.yml": "include: c.yml\na: {script: x}", "b.yml": "b: {script: x}", "c.yml": "c: {script: x}" }),
      project: "group/own",
    };
    const { includes } = composed("include: [a.yml, /b.yml]", given);
    expect(includes.map(({ location }) => location)).toEqual(["a.yml", "b.yml", "c.yml"]);
    expect(includes[0]).toEqual({
      type: "local",
      location: "a.yml",
      blob: null,
      raw: null,
      extra: {},
      context_project: "group/own",
      context_sha: "c0ffee",
    });
  });

  it("jobs know the file that names them last", () => {
    const { jobs } = composed(
      "include: [a.yml, b.yml]\nown: {script: x}\na: {image: i}",
      having({ "a.yml": "a: {script: x}\nab: {script: x}", "b.yml": "ab: {image: j}" }),
    );
    expect([...jobs].map(([name, { file }]) => [name, file])).toEqual([
      ["a", ".gitlab-ci.yml"],
      ["ab", "b.yml"],
      ["own", ".gitlab-ci.yml"],
    ]);
  });
});
