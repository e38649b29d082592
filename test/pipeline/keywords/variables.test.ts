import { jobVariables, textVariables, topVariables } from "../../../src/pipeline/keywords/variables.ts";
import { keyword } from "./table.ts";

const variable = (key: string, value: string, raw = false): object => ({ key, value, raw });

const VALUES: readonly (readonly [string, unknown])[] = [
  ["{}", []],
  ["{A: text}", [variable("A", "text")]],
  ["{A: null}", [variable("A", "")]],
  ["{A: true, B: no}", [variable("A", "true"), variable("B", "false")]],
  ["{A: 12, B: -3}", [variable("A", "12"), variable("B", "-3")]],
  ["{A: 12345678901234567890}", [variable("A", "12345678901234567890")]],
  ["{A: 1.0, B: 2.50}", [variable("A", "1.0"), variable("B", "2.5")]],
  ['{A: "1.10", B: "010"}', [variable("A", "1.10"), variable("B", "010")]],
  ["{__proto__: a, 7: b}", [variable("__proto__", "a"), variable("7", "b")]],
];

const WRONG: readonly (readonly [string, ...string[]])[] = [
  ["text", "config should be a hash"],
  ["[A]", "config should be a hash"],
  ["{A: [1]}", ":A variable definition must be either a string or a hash"],
];

keyword({
  key: "variables",
  read: jobVariables,
  means: [
    ...VALUES,
    ["{A: {value: $B, expand: false}}", [variable("A", "$B", true)]],
    ["{A: {value: 1, expand: true}}", [variable("A", "1")]],
    ["{A: {value: null}}", [variable("A", "")]],
    ["{A: {}}", [variable("A", "")]],
  ],
  tells: [
    ...WRONG,
    ["{A: {value: 1, description: a number}}", ":A config uses invalid data keys: description"],
    ["{A: {value: [1]}}", ":A config value must be a scalar"],
    ["{A: {value: 1, expand: maybe}}", ":A config expand should be a boolean value"],
    ['{"": a}', ": key can't be blank"],
  ],
});

keyword({
  key: "variables",
  read: topVariables,
  means: [
    [
      "{A: {value: b, description: which, options: [a, b]}}",
      [{ key: "A", value: "b", raw: false, description: "which", options: ["a", "b"] }],
    ],
    ["{A: {description: which}}", [{ key: "A", value: "", raw: false, description: "which" }]],
  ],
  tells: [
    ["{A: {value: c, options: [a, b]}}", ":A config value must be present in options"],
    ["{A: {value: 1, options: [1]}}", ":A config options should be an array of strings"],
    ["{A: {value: c, descripton: x}}", ":A config uses invalid data keys: descripton"],
  ],
});

keyword({
  key: "rules:variables",
  read: textVariables,
  means: VALUES,
  tells: [...WRONG, ["{A: {value: a}}", ":A config must be a string"]],
});
