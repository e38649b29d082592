import { parallel } from "../../../src/pipeline/keywords/parallel.ts";
import { keyword } from "./table.ts";

const numbers = (count: number): string => `[${Array.from({ length: count }, (_, number) => number).join(", ")}]`;

keyword({
  key: "parallel",
  read: parallel,
  means: [
    ["1", { total: 1 }],
    ["200", { total: 200 }],
    [
      "{matrix: [{OS: [linux, mac], ARCH: arm64}, {OS: windows}]}",
      {
        matrix: [
          [
            ["OS", ["linux", "mac"]],
            ["ARCH", ["arm64"]],
          ],
          [["OS", ["windows"]]],
        ],
      },
    ],
    ["{matrix: [{V: [1, '2.0']}]}", { matrix: [[["V", ["1", "2.0"]]]] }],
  ],
  tells: [
    ["0", "config must be greater than or equal to 1"],
    ["201", "config must be less than or equal to 200"],
    ["2.5", "config must be an integer"],
    ["many", "should be an integer or a hash"],
    ["{}", "config missing required keys: matrix"],
    [
      "{matirx: []}",
      "config contains unknown keys: matirx (did you mean matrix?)",
      "config missing required keys: matrix",
    ],
    ["{matrix: {A: 1}}", ":matrix config should be an array of hashes"],
    ["{matrix: [A]}", ":matrix config should be an array of hashes"],
    ["{matrix: [{}]}", ":matrix:variables config requires at least 1 items"],
    ["{matrix: [{A: 1.5}]}", ":matrix:variables config should be a hash of key value pairs, value can be an array"],
    ["{matrix: [{A: null}]}", ":matrix:variables config should be a hash of key value pairs, value can be an array"],
    ["{matrix: [{A: [[1]]}]}", ":matrix:variables config should be a hash of key value pairs, value can be an array"],
    [`{matrix: [{A: ${numbers(101)}, B: [1, 2]}]}`, ":matrix config generates too many jobs (maximum is 200)"],
    [
      `{matrix: [{${Array.from({ length: 400 }, (_, at) => `V${at}: [1, 2]`).join(", ")}}]}`,
      ":matrix config generates too many jobs (maximum is 200)",
    ],
  ],
});
