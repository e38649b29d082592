import { expect, it } from "vitest";
import { NUMBER_BLOCK_TABLE, Numbers } from "../../src/storage/numbers.ts";
import type { NumberBlock } from "../../src/storage/numbers.ts";
import { inScratch } from "../tools/objects/scratch.ts";
import type { Scratch } from "../tools/objects/scratch.ts";

/** Blocks of three, from 1 on; `leases` says how many were leased. */
const lessor = () => {
  let next = 1;
  const leases = { count: 0 };
  const lease = async (): Promise<NumberBlock> => {
    leases.count += 1;
    const from = next;
    next += 3;
    return { from, until: next };
  };
  return { leases, lease };
};

const withTable = (body: (scratch: Scratch) => Promise<void>) =>
  inScratch(async (scratch) => {
    scratch.sql.run(NUMBER_BLOCK_TABLE);
    await body(scratch);
  });

it("gives each number once, and leases a block when one is used up", () =>
  withTable(async ({ sql }) => {
    const { leases, lease } = lessor();
    const numbers = new Numbers(sql, lease);
    const taken = [];
    for (let each = 0; each < 7; each++) taken.push(await numbers.with(["build"], () => numbers.take("build")));
    expect([taken, leases.count]).toEqual([[1, 2, 3, 4, 5, 6, 7], 3]);
  }));

it("gives a crowd different numbers, with one lease at a time", () =>
  withTable(async ({ sql }) => {
    const { leases, lease } = lessor();
    const numbers = new Numbers(sql, lease);
    const crowd = Array.from({ length: 9 }, () => numbers.with(["build"], () => numbers.take("build")));
    expect((await Promise.all(crowd)).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(leases.count).toBe(3);
  }));

it("continues its block after a restart", () =>
  withTable(async ({ sql }) => {
    const { leases, lease } = lessor();
    const before = new Numbers(sql, lease);
    await before.with(["build"], () => before.take("build"));
    const after = new Numbers(sql, lease);
    expect(await after.with(["build"], () => after.take("build"))).toBe(2);
    expect(leases.count).toBe(1);
  }));

it("counts each kind by itself, and runs the body when there is one of each", () =>
  withTable(async ({ sql }) => {
    const kinds: string[] = [];
    const numbers = new Numbers(sql, async (kind) => {
      kinds.push(kind);
      return { from: kind === "build" ? 10 : 20, until: 30 };
    });
    const both = await numbers.with(["build", "pipeline"], () => [numbers.take("build"), numbers.take("pipeline")]);
    expect([both, kinds]).toEqual([
      [10, 20],
      ["build", "pipeline"],
    ]);
  }));

it("a lease that fails reaches whoever waits for it, and the next one asks anew", () =>
  withTable(async ({ sql }) => {
    const { lease } = lessor();
    let isDown = true;
    const numbers = new Numbers(sql, () => (isDown ? Promise.reject(new Error("down")) : lease()));
    await expect(numbers.with(["build"], () => numbers.take("build"))).rejects.toThrow("down");
    isDown = false;
    expect(await numbers.with(["build"], () => numbers.take("build"))).toBe(1);
  }));
