import { expect, it } from "vitest";
import { GroupCommit } from "../../src/storage/group-commit.ts";

/** Writes into a list; a 0 can't be written. `turns` says what was written in one go. */
const list = () => {
  const turns: number[][] = [];
  let turn: number[] | null = null;
  const commit = new GroupCommit<number>((item) => {
    if (item === 0) throw new Error("down");
    if (turn === null) {
      turns.push((turn = []));
      queueMicrotask(() => (turn = null));
    }
    turn.push(item);
  });
  return { turns, add: (item: number) => commit.add(item) };
};

it("writes who comes alone at once, and those that come soon after together, in their order", async () => {
  const { turns, add } = list();
  await add(1);
  expect(turns).toEqual([[1]]);
  await Promise.all([add(2), add(3), add(4)]);
  expect(turns).toEqual([[1], [2, 3, 4]]);
});

it("answers nobody before his own is written", async () => {
  const { turns, add } = list();
  await add(1);
  await add(2);
  expect(turns.flat()).toEqual([1, 2]);
  await add(3);
  expect(turns.flat()).toEqual([1, 2, 3]);
});

it("tells of a write that fails whoever it was for, and writes the others", async () => {
  const { turns, add } = list();
  const failed = await Promise.allSettled([add(0), add(1)]);
  expect(failed.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
  await add(2);
  expect(turns.flat()).toEqual([1, 2]);
});
