import { describe, expect, it, vi } from "vitest";
import { compose } from "../../../src/pipeline/compose/compose.ts";
import type { ComposedConfig } from "../../../src/pipeline/compose/composed.ts";
import { Work } from "../../../src/pipeline/compose/work.ts";
import { isHash, isList, Reference, type Value } from "../../../src/pipeline/value.ts";
import { readYaml } from "../../../src/pipeline/yaml/read-yaml.ts";
import { Sizes } from "../../../src/pipeline/yaml/size.ts";
import { writeYaml } from "../../../src/pipeline/yaml/write-yaml.ts";
import { mutate, seeded } from "../mutate.ts";
import { composeInput, context, variables } from "./composing.ts";
import { INCLUDED, REAL_LOOKING } from "./real-looking.ts";

/** Another one each time; a failure names it. */
const SEED = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const FILES = Number(process.env["FUZZ_FILES"] ?? 10_000);

const facts = { context: context({ given: variables({ MORE: "1" }) }), files: INCLUDED };

const composedOf = (text: string): ComposedConfig => {
  const composition = compose(composeInput(text, facts));
  if (composition.state === "lacking") throw new Error("nothing can be lacking: nobody fetches");
  return composition.config;
};

const isClean = (config: ComposedConfig): boolean => config.problems.every(({ kind }) => kind === "warning");

describe("a file that is nearly right", { timeout: 120_000 }, () => {
  it("is right before it is changed", () => {
    expect(REAL_LOOKING.flatMap((text) => composedOf(text).problems)).toEqual([]);
  });

  it(`is composed or refused, always the same, at a bounded cost (seed ${SEED})`, () => {
    const random = seeded(SEED);
    const spent = vi.spyOn(Work.prototype, "spend");
    const measured = vi.spyOn(Sizes.prototype, "of");
    try {
      let clean = 0;
      for (let index = 0; index < FILES; index += 1) {
        const text = mutate(REAL_LOOKING[random(REAL_LOOKING.length)] ?? "", REAL_LOOKING, random);
        spent.mockClear();
        measured.mockClear();
        const config = composedOf(text);
        const steps = spent.mock.calls.reduce((sum, [step]) => sum + step, 0) + measured.mock.calls.length;
        expect(steps, text).toBeLessThan(10 * text.length + 5000);
        expect(composedOf(text), text).toEqual(config);
        if (!isClean(config)) continue;
        clean += 1;
        check(config, text);
      }
      // Else the changes would be too large to say anything.
      expect(clean).toBeGreaterThan(FILES / 20);
    } finally {
      spent.mockRestore();
      measured.mockRestore();
    }
  });
});

const check = (config: ComposedConfig, text: string): void => {
  // By an alias of a list `<<` merges nothing and stays a key, as in Ruby. Written out, the list would be merged.
  if (!hasMergeKey(config.merged)) {
    const again = readYaml(writeYaml(config.merged));
    expect(again.ok && (again.documents[0] ?? new Map()), text).toEqual(config.merged);
  }
  expect(config.merged.has("include"), text).toBe(false);
  for (const { hash } of config.jobs.values()) {
    expect(hash.has("extends") || hash.has("inherit"), text).toBe(false);
    expect(hasReference(hash), text).toBe(false);
  }
};

const hasMergeKey = (value: Value): boolean => {
  if (isList(value)) return value.some(hasMergeKey);
  return isHash(value) && (value.has("<<") || [...value.values()].some(hasMergeKey));
};

const hasReference = (value: Value): boolean => {
  if (isList(value)) return value.some(hasReference);
  return isHash(value) ? [...value.values()].some(hasReference) : value instanceof Reference;
};
