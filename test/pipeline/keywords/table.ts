/** Tables of one keyword: what is written in a job, and what it means or what is told. */
import { describe, expect, it } from "vitest";
import type { Reader } from "../../../src/pipeline/keywords/reader.ts";
import { Place, type Problem } from "../../../src/pipeline/problem.ts";
import type { Value } from "../../../src/pipeline/value.ts";
import { readYaml } from "../../../src/pipeline/yaml/read-yaml.ts";

export const valueOf = (yaml: string): Value => {
  const read = readYaml(yaml);
  if (!read.ok) throw new Error(read.message);
  return read.documents[0] ?? null;
};

interface Read {
  readonly result: unknown;
  readonly told: readonly string[];
}

/** Reads a value as the keyword of the job `build`. `of`: GitLab names the job, and the keyword as a part of the sentence. */
export const readAs = (key: string, read: Reader<unknown>, yaml: string, of: "entry" | "attribute"): Read => {
  const problems: Problem[] = [];
  const job = new Place(problems, "jobs:build");
  const result = read(valueOf(yaml), of === "entry" ? job.at(key) : job.attribute(key));
  return { result, told: problems.map(({ kind, message }) => (kind === "error" ? message : `warning: ${message}`)) };
};

export interface Table {
  readonly key: string;
  readonly read: Reader<unknown>;
  readonly of?: "entry" | "attribute";
  /** What is written, and what it means. */
  readonly means: readonly (readonly [yaml: string, meaning: unknown])[];
  /** What is written, and what is told: without the place, which is the job's and the key's. */
  readonly tells?: readonly (readonly [yaml: string, ...told: string[]])[];
}

export const keyword = ({ key, read, of = "entry", means, tells = [] }: Table): void => {
  const place = of === "entry" ? `jobs:build:${key}` : "jobs:build";
  describe(`\`${key}\``, () => {
    if (means.length > 0) {
      it.each(means)("%s is taken", (yaml, meaning) => {
        expect(readAs(key, read, yaml, of)).toEqual({ result: meaning, told: [] });
      });
    }
    if (tells.length > 0) {
      it.each(tells)("%s is told: %s", (yaml, ...told) => {
        expect(readAs(key, read, yaml, of).told).toEqual(
          told.map((text) =>
            text.replace(/^(warning: )?(:?)/, (_, kind = "", colon = "") => `${kind}${place}${colon || " "}`),
          ),
        );
      });
    }
  });
};
