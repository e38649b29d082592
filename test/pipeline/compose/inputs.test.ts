import { describe, expect, it } from "vitest";
import type { Value } from "../../../src/pipeline/value.ts";
import { composed, context, errors, files, inputs, job, merged } from "./composing.ts";

/** `job` of a file whose header has this `spec:inputs`, with inputs that come with the pipeline. */
const given = (spec: string, body: string, values: Record<string, Value> = {}): unknown =>
  job(`spec: {inputs: ${spec}}\n---\njob: ${body}\n`, "job", { inputs: inputs(values) });

/** What is told of one input `x`, used by a job. */
const told = (spec: string, value?: Value): readonly string[] =>
  errors(`spec: {inputs: {x: ${spec}}}\n---\njob: {script: "$[[ inputs.x ]]"}\n`, {
    inputs: inputs(value === undefined ? {} : { x: value }),
  });

describe("spec:inputs", () => {
  it.each<[string, string, Value | undefined, unknown]>([
    ["a text by default", "{default: a}", undefined, "a"],
    ["what is given", "{default: a}", "b", "b"],
    ["what must be given", "", "b", "b"],
    ["a number becomes a text", "{default: 1.0}", undefined, "1.0"],
    ["a boolean becomes a text", "", true, "true"],
    ["a list becomes a text", "", ["a", 1], '["a", 1]'],
    ["null as default is an empty text", "{default: null}", undefined, ""],
    ["a number", "{type: number}", 5, 5],
    ["a number from a text", "{type: number}", "5", 5],
    ["a fraction from a text", "{type: number}", "1.5", 1.5],
    ["a boolean", "{type: boolean, default: false}", undefined, false],
    ["a boolean from a text", "{type: boolean}", "true", true],
    ["a list", "{type: array, default: [a, {b: c}]}", undefined, ["a", { b: "c" }]],
    ["a list from a text", "{type: array}", '["a", {"b": 1}]', ["a", { b: 1 }]],
    ["one of its options", "{options: [a, b]}", "b", "b"],
    ["one of its options, as texts", "{options: [1, 2]}", 2, "2"],
    ["one of its numbers", "{type: number, options: [1, 2]}", 2, 2],
    ["what matches its pattern", String.raw`{regex: '^v\d+$'}`, "v12", "v12"],
    ["what is described", "{description: 'What it is', default: a}", undefined, "a"],
  ])("can be %s", (_, spec, value, expected) => {
    const values = value === undefined ? {} : { x: value };
    expect(given(`{x: ${spec}}`, '{script: "$[[ inputs.x ]]"}', values)).toEqual({ script: expected });
  });

  it.each<[string, Value | undefined, readonly string[]]>([
    ["", undefined, ["`x` input: required value has not been provided"]],
    ["{type: number}", "five", ["`x` input: provided value is not a number"]],
    ["{type: number, default: five}", undefined, ["`x` input: default value is not a number"]],
    ["{type: boolean}", "yes", ["`x` input: provided value is not a boolean"]],
    ["{type: array}", "a", ["`x` input: provided value is not an array"]],
    ["{options: [a, b]}", "c", ["`x` input: `c` cannot be used because it is not in the list of allowed options"]],
    [
      "{options: [a, b], default: c}",
      "a",
      ["`x` input: `c` cannot be used because it is not in the list of allowed options"],
    ],
    [
      "{type: number, options: [1]}",
      2,
      ["`x` input: `2` cannot be used because it is not in the list of the allowed options"],
    ],
    ["{type: boolean, options: [true]}", true, ["`x` input: Options can only be used with string and number inputs"]],
    [String.raw`{regex: '^v\d+$'}`, "12", ["`x` input: provided value does not match required RegEx pattern"]],
    [
      String.raw`{regex: '^v\d+$', default: w}`,
      undefined,
      ["`x` input: default value does not match required RegEx pattern"],
    ],
    ["{type: number, regex: a}", 1, ["`x` input: RegEx validation can only be used with string inputs"]],
    ["{regex: '('}", "a", ["`x` input: invalid regular expression"]],
    ["a", "a", ["header:spec:inputs:x config should be a hash"]],
    ["{typ: string}", "a", ["header:spec:inputs:x config contains unknown keys: typ"]],
    ["{type: text}", "a", ["header:spec:inputs:x input type unknown value: text"]],
    ["{regex: 5}", "a", ["header:spec:inputs:x input regex should be a string"]],
    ["{description: [a]}", "a", ["header:spec:inputs:x input description must be an alphanumeric string"]],
    ["{options: a}", "a", ["header:spec:inputs:x input options should be an array"]],
    [`{options: [${"a,".repeat(51)}]}`, "a", ["header:spec:inputs:x config cannot define more than 50 options"]],
    [
      "{options: [a], rules: [{options: [a]}]}",
      "a",
      ["header:spec:inputs:x config please use only one of the following keys: rules, options"],
    ],
    ["{rules: a}", "a", ["header:spec:inputs:x:rules config should be an array"]],
    [
      "{rules: [{if: a}]}",
      "a",
      ["header:spec:inputs:x:rules:rule config rule with 'if' must define 'options' or 'default'"],
    ],
    ["{rules: [{default: a}]}", "a", ["header:spec:inputs:x:rules:rule config fallback rule must define 'options'"]],
  ])("%s with %j: %s", (spec, value, expected) => expect(told(spec, value)).toEqual(expected));

  it.each<[string, string]>([
    ["spec: {inputs: {}, other: 1}", "header:spec config contains unknown keys: other"],
    ["spec: {inputs: {}}\nother: 1", "header config contains unknown keys: other"],
    ["spec: [a]", "header:spec config should be a hash"],
    ["spec: {inputs: [a]}", "header:spec:inputs config should be a hash"],
    ["spec: {include: [{local: a.yml}]}", "header:spec:include is not supported: give the inputs in this file"],
    ["spec: {component: [name, size]}", "header:spec:component config contains unknown values: size"],
  ])("the header %j: %s", (header, message) => expect(errors(`${header}\n---\njob: {script: x}`)).toEqual([message]));

  it("are told of all at once", () => {
    expect(
      errors("spec: {inputs: {a: , b: {type: number, default: x}}}\n---\njob: {script: x}", {
        inputs: inputs({ c: 1, d: 2 }),
      }),
    ).toEqual([
      "unknown input arguments: c, d",
      "`a` input: required value has not been provided",
      "`b` input: default value is not a number",
    ]);
  });

  it("must be there for what is given", () => {
    expect(errors("job: {script: x}", { inputs: inputs({ a: 1 }) })).toEqual([
      "Given inputs not defined in the `spec` section of the included configuration file",
    ]);
  });

  it("are twenty at most for a pipeline", () => {
    const many = Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`i${i}`, i]));
    expect(errors("spec: {inputs: {}}\n---\njob: {script: x}", { inputs: inputs(many) })).toEqual([
      "A pipeline can take up to 20 inputs",
    ]);
  });
});

describe("spec:inputs:rules", () => {
  const spec = `{
    cloud: {options: [aws, gcp], default: aws},
    big: {type: boolean, default: false},
    size: {rules: [
      {if: '$[[ inputs.cloud ]] == "aws" && $[[ inputs.big ]] == true', options: [xl], default: xl},
      {if: '$[[inputs.cloud]] == "aws"', options: [s, m], default: s},
      {if: '$[[ inputs.big ]] == true', default: 'G'},
      {options: [tiny]}]}}`;
  const size = (values: Record<string, Value>): unknown => given(spec, '{script: "$[[ inputs.size ]]"}', values);

  it.each<[Record<string, Value>, unknown]>([
    [{}, { script: "s" }],
    [{ size: "m" }, { script: "m" }],
    [{ size: "l" }, ["`size` input: `l` cannot be used because it is not in the list of allowed options"]],
    [{ big: true }, { script: "xl" }],
    [{ cloud: "gcp", big: true }, { script: "G" }],
    [{ cloud: "gcp", big: true, size: "any" }, { script: "any" }],
    [{ cloud: "gcp", size: "tiny" }, { script: "tiny" }],
    [{ cloud: "gcp" }, { script: "" }],
  ])("with %j the input is %j", (values, expected) => expect(size(values)).toEqual(expected));

  it.each<[string, string]>([
    [
      "{x: {rules: [{if: '$[[ inputs.y ]] == \"a\"', default: b}, {options: [c]}]}}",
      "header:spec:inputs:x config rule[0] references undefined inputs: y",
    ],
    [
      "{x: {rules: [{if: '$[[ inputs.x ]] == \"a\"', default: b}]}}",
      "header:spec:inputs:x config circular dependency detected",
    ],
    [
      "{a: {default: d}, x: {rules: [{if: '$[[ inputs.y ]]', default: b}]}, y: {rules: [{if: '$[[ inputs.x ]]', default: b}]}}",
      "header:spec:inputs:x config circular dependency detected",
    ],
    [
      "{a: {default: d}, x: {rules: [{if: '$[[ inputs.a ]] =', default: b}]}}",
      "`x` input: rule if invalid expression syntax",
    ],
  ])("%s: %s", (rules, message) => expect(given(rules, "{script: x}")).toEqual([message]));
});

describe("interpolation", () => {
  it.each<[string, string, unknown]>([
    ["in a text", '{script: "a $[[ inputs.text ]] b"}', { script: "a hello b" }],
    ["without spaces, or with many", '{script: "$[[inputs.text]]$[[   inputs.text   ]]"}', { script: "hellohello" }],
    [
      "of any type in a text",
      '{script: "$[[ inputs.number ]] $[[ inputs.boolean ]] $[[ inputs.list ]]"}',
      { script: '5 false ["a", "b"]' },
    ],
    [
      "alone it keeps its type",
      '{parallel: "$[[ inputs.number ]]", allow_failure: "$[[ inputs.boolean ]]", tags: "$[[ inputs.list ]]"}',
      { parallel: 5, allow_failure: false, tags: ["a", "b"] },
    ],
    [
      "of a list as an item is put into the list",
      '{tags: ["x", "$[[ inputs.list ]]", "y"]}',
      { tags: ["x", "a", "b", "y"] },
    ],
    [
      "in keys",
      '{variables: {"K_$[[ inputs.text ]]": 1, "$[[ inputs.number ]]": 2}}',
      { variables: { K_hello: 1, "5": 2 } },
    ],
    ["in what is shared", '{a: &a {x: "$[[ inputs.text ]]"}, b: *a}', { a: { x: "hello" }, b: { x: "hello" } }],
    [
      "leaves alone what isn't one",
      '{script: "$[ inputs.text ] $[[ x $[[]] [[ inputs.text ]] $INPUT"}',
      { script: "$[ inputs.text ] $[[ x $[[]] [[ inputs.text ]] $INPUT" },
    ],
    ["leaves matrix values for later", '{needs: ["$[[ matrix.OS ]]"]}', { needs: ["$[[ matrix.OS ]]"] }],
    ["leaves !reference alone", "{script: !reference [other, script]}", { script: "hello" }],
  ])("%s", (_, body, expected) => {
    const spec =
      "{text: {default: hello}, number: {type: number, default: 5}, boolean: {type: boolean, default: false}, list: {type: array, default: [a, b]}}";
    expect(job(`spec: {inputs: ${spec}}\n---\nother: {script: "$[[ inputs.text ]]"}\njob: ${body}\n`)).toEqual(
      expected,
    );
  });

  it("needs a header", () => expect(job('job: {script: "$[[ inputs.x ]]"}')).toEqual({ script: "$[[ inputs.x ]]" }));

  it("names jobs", () => {
    const config = composed('spec: {inputs: {p: {default: my}}}\n---\n"$[[ inputs.p ]]-job": {script: x}');
    expect([...config.jobs.keys()]).toEqual(["my-job"]);
  });

  it.each<[string, string, string]>([
    ["truncate", "0123456789", "truncate(3,5)"],
    ["truncate with spaces", "0123456789", "truncate( 3 , 5 )"],
  ])("%s takes a part", (_, text, written) =>
    expect(given("{x: }", `{script: "$[[ inputs.x | ${written} ]]"}`, { x: text })).toEqual({ script: "34567" }),
  );

  it.each<[string, string, unknown]>([
    ["a😀b", "truncate(1,1)", "😀"],
    ["abc", "truncate(5,2)", ""],
    ["it's $HOME & more", "posix_escape", String.raw`it\'s\ \$HOME\ \&\ more`],
    ["", "posix_escape", "''"],
    ["a\nb", "posix_escape", "a'\n'b"],
    ["test $MY_VAR ${NONE}", "expand_vars", "test my value ${NONE}"],
    ["test $MY_VAR", "expand_vars | truncate(5,8)", "my value"],
    ["a, b ,, c", "split(',')", ["a", "b", "c"]],
  ])("%j | %s", (text, written, expected) => {
    const known = context({ project: [{ key: "MY_VAR", value: "my value" }] });
    expect(
      job(`spec: {inputs: {x: }}\n---\njob: {script: "$[[ inputs.x | ${written} ]]"}`, "job", {
        inputs: inputs({ x: text }),
        context: known,
      }),
    ).toEqual({ script: expected });
  });

  it.each<[string, string]>([
    ["inputs.y", "unknown interpolation key: `y`"],
    ["variables.y", "unknown interpolation key: `variables`"],
    ["inputs.x.y", "unknown interpolation key: `y`"],
    ["inputs", "invalid interpolation access pattern"],
    [`inputs.${"x".repeat(1100)}`, "maximum interpolation expression size exceeded"],
    [
      "inputs.x | upcase",
      "no function matching `upcase`: check that the function name, arguments, and types are correct",
    ],
    [
      "inputs.x | truncate(a)",
      "no function matching `truncate(a)`: check that the function name, arguments, and types are correct",
    ],
    [
      "inputs.n | truncate(1,1)",
      "error in `truncate` function: invalid input type: truncate can only be used with string inputs",
    ],
    [
      "inputs.n | posix_escape",
      "error in `posix_escape` function: invalid input type: posix_escape can only be used with string inputs",
    ],
    ["inputs.x | split('')", "error in `split` function: invalid argument: separator cannot be empty"],
    [
      "inputs.x | split(',') | truncate(1,1)",
      "split() must be the last function in a chain (it returns an array, not a string)",
    ],
    ["inputs.x | expand_vars | expand_vars | expand_vars | expand_vars", "too many functions in interpolation block"],
    [
      "inputs.secret | expand_vars",
      "error in `expand_vars` function: variable expansion error: masked variables cannot be expanded",
    ],
  ])("$[[ %s ]]: %s", (block, message) => {
    const known = context({ project: [{ key: "TOKEN", value: "t", masked: true }] });
    const spec = "{x: {default: a}, n: {type: number, default: 1}, secret: {default: $TOKEN}}";
    // Twice in the file, once told.
    expect(
      errors(`spec: {inputs: ${spec}}\n---\njob: {script: ["$[[ ${block} ]]", "$[[ ${block} ]]"]}`, { context: known }),
    ).toEqual([message]);
  });
});

describe("include:inputs", () => {
  const template =
    'spec: {inputs: {name: , stage: {default: test}}}\n---\n"$[[ inputs.name ]]": {stage: "$[[ inputs.stage ]]", script: x}\n';

  it("are those of one include; the same file can be included with others", () => {
    const include = "[{local: t.yml, inputs: {name: a}}, {local: t.yml, inputs: {name: b, stage: deploy}}]";
    expect(merged(`include: ${include}`, { files: files({ "t.yml": template }) })).toEqual({
      a: { stage: "test", script: "x" },
      b: { stage: "deploy", script: "x" },
    });
  });

  it("go to each file that stars mean", () => {
    expect(merged("include: {local: 't/*.yml', inputs: {name: a}}", { files: files({ "t/1.yml": template }) })).toEqual(
      { a: { stage: "test", script: "x" } },
    );
  });

  it("can come from the inputs of the including file", () => {
    const text = 'spec: {inputs: {n: {default: c}}}\n---\ninclude: {local: t.yml, inputs: {name: "$[[ inputs.n ]]"}}';
    expect(merged(text, { files: files({ "t.yml": template }) })).toEqual({ c: { stage: "test", script: "x" } });
  });

  it.each<[string, readonly string[]]>([
    ["{}", ["`t.yml`: `name` input: required value has not been provided"]],
    ["{name: a, x: 1, y: 2}", ["`t.yml`: unknown input arguments: x, y"]],
  ])("%s: %j", (given, expected) => {
    expect(errors(`include: {local: t.yml, inputs: ${given}}`, { files: files({ "t.yml": template }) })).toEqual(
      expected,
    );
  });
});

describe("interpolation has bounds", () => {
  const long = "x".repeat(100_000);

  it.each<[string, string, string]>([
    [
      "one text",
      `spec: {inputs: {x: {default: ${long}}}}\n---\njob: {script: "${"$[[ inputs.x ]] ".repeat(20)}"}`,
      "config node too large",
    ],
    [
      "many texts",
      `spec: {inputs: {x: {default: ${long}}}}\n---\njob: {script: [${'"$[[ inputs.x ]] ", '.repeat(1000)}]}`,
      "config too large",
    ],
    [
      "many lists",
      `spec: {inputs: {x: {type: array, default: [${"a,".repeat(1000)}]}}}\n---\njob: {script: [${'"$[[ inputs.x ]]", '.repeat(1000)}]}`,
      "config too large",
    ],
    [
      "many blocks",
      `spec: {inputs: {x: {default: a}}}\n---\njob: {script: "${Array.from({ length: 10_001 }, (_, i) => `$[[ inputs.x | truncate(0,${i}) ]]`).join("")}"}`,
      "too many interpolation blocks",
    ],
    [
      "levels",
      `spec: {inputs: {x: {type: array, default: ${"[".repeat(60)}${"]".repeat(60)}}}}\n---\njob: {script: ${"[".repeat(60)}"$[[ inputs.x ]]"${"]".repeat(60)}}`,
      "config too large",
    ],
  ])("of %s", (_, text, message) => expect(errors(text)).toEqual([message]));

  it("keeps shared what is shared: a bomb of aliases is gone through once", () => {
    const levels = Array.from({ length: 4 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(10)}]`);
    const text = `spec: {inputs: {x: {default: v}}}\n---\na0: &a0 ["$[[ inputs.x ]]"]\n${levels.join("\n")}\njob: {script: x}`;
    const config = composed(text).merged;
    const outer = config.get("a1") as readonly Value[];
    expect(new Set(outer).size).toBe(1);
    expect(outer[0]).toEqual(["v"]);
  });

  it.each(["$[[ ", "$[[ a ", "]]", "$[[ ]]", "$[[ inputs.x | "])("a long text of %j is read through once", (part) => {
    const text = `spec: {inputs: {x: {default: a}}}\n---\njob: {script: '${part.repeat(900_000 / part.length)}'}`;
    expect(errors(text).length).toBeLessThan(2);
  });
});
