import { describe, expect, it } from "vitest";
import type { Hash } from "../../../src/pipeline/value.ts";
import { readYaml } from "../../../src/pipeline/yaml/read-yaml.ts";
import { writeYaml } from "../../../src/pipeline/yaml/write-yaml.ts";

const config = (text: string): Hash => {
  const read = readYaml(text);
  if (!read.ok) throw new Error(read.message);
  return read.documents[0] as Hash;
};

describe("a config as text", () => {
  it("stands in blocks, like GitLab's", () => {
    const written = writeYaml(
      config("job: {script: [a, 'b: c'], variables: {A: yes, B: 'yes', C: 1.0, D: 007, E: '007'}, tags: []}\n"),
    );
    expect(written).toBe(
      "---\njob:\n  script:\n  - a\n  - 'b: c'\n  variables:\n    A: true\n    B: 'yes'\n    C: 1.0\n    D: 7\n    E: '007'\n  tags: []\n",
    );
  });

  it("writes out what is shared", () => {
    expect(writeYaml(config("a: &x [1]\nb: *x\n"))).toBe("---\na:\n- 1\nb:\n- 1\n");
  });

  it("says the same when it is read again", () => {
    const odd = config(
      [
        "texts: ['', ' lead', 'trail ', '~', 'no', '0644', '12:30', '2024-01-01', ':sym', '1e3', '1.5e+3', '<<', '#x', '- a', '@x']",
        'escaped: ["a\\nb", "a\\n", "\\n", "\\t\\x01", "a: b", "é", "\\u2028"]',
        "numbers: [0, -1, 1.5, 1.0, 100000000000000000000.0, .inf, -.inf, 123456789012345678901234567890]",
        "others: [null, true, {}, []]",
        "'<<': [!reference [.a, script]]",
        "'1': x",
        "'true': y",
      ].join("\n"),
    );
    expect(config(writeYaml(odd))).toEqual(odd);
  });
});
