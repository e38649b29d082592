import { needs } from "../../../src/pipeline/keywords/needs.ts";
import { keyword } from "./table.ts";

const need = (job: string, fields: object = {}): object => ({
  job,
  artifacts: true,
  optional: false,
  matrix: null,
  ...fields,
});

keyword({
  key: "needs",
  read: needs,
  means: [
    ["[]", []],
    ["[build, null, lint]", [need("build"), need("lint")]],
    ["{job: build}", [need("build")]],
    ["[{job: build, artifacts: false}]", [need("build", { artifacts: false })]],
    ["[{job: build, optional: true, artifacts: null}]", [need("build", { optional: true })]],
    ["[{job: build, parallel: {matrix: [{OS: linux}]}}]", [need("build", { matrix: [[["OS", ["linux"]]]] })]],
    [
      "[{job: build, parallel: {matrix: [{OS: ['$[[ matrix.OS ]]']}]}}]",
      [need("build", { matrix: [[["OS", ["$[[ matrix.OS ]]"]]]] })],
    ],
  ],
  tells: [
    ["build", "config can only be a Hash or an Array"],
    ["{}", "config can not be an empty Hash"],
    ['[""]', ":need config can't be blank"],
    ["[12]", ":need has an unsupported type"],
    ["[{artifacts: true}]", ":need has an unsupported type"],
    ["[{job: 12}]", ":need job should be a string"],
    ["[{job: null}]", ":need job can't be blank"],
    ["[{job: a, artifacts: x}]", ":need artifacts should be a boolean value"],
    ["[{job: a, optinal: true}]", ":need config contains unknown keys: optinal (did you mean optional?)"],
    ["[{job: a, parallel: 3}]", 'config cannot use "parallel: <number>".'],
    ["[{pipeline: 12, job: a}]", ":need is not supported: Signalbox has no needs of other pipelines"],
    ["[{project: g/p, ref: main, job: a}]", ":need is not supported: Signalbox has no needs of other projects"],
  ],
});
