import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Room } from "../../src/artifacts/room.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

/** Who has come in, in their order; `false` for one who gave up. */
const visitors = (room: Room) => {
  const seen: [string, boolean][] = [];
  const leaving = new Map<string, () => void>();
  const come = async (name: string, bytes: number): Promise<void> => {
    const leave = await room.take(bytes, 30_000);
    seen.push([name, leave !== null]);
    if (leave !== null) leaving.set(name, leave);
  };
  return { seen, come, leave: (name: string) => leaving.get(name)?.() };
};

const settled = () => vi.advanceTimersByTimeAsync(0);

test("there is room until it is full, and again when somebody leaves", async () => {
  const { seen, come, leave } = visitors(new Room(10));
  await come("a", 6);
  await come("b", 4);
  void come("c", 1);
  await settled();
  expect(seen).toEqual([
    ["a", true],
    ["b", true],
  ]);
  leave("b");
  await settled();
  expect(seen.at(-1)).toEqual(["c", true]);
  expect(vi.getTimerCount()).toBe(0);
});

test("who needs much is not overtaken by those behind who need little", async () => {
  const { seen, come, leave } = visitors(new Room(10));
  await come("a", 5);
  await come("b", 5);
  void come("large", 8);
  void come("small", 1);
  leave("a");
  await settled();
  expect(seen.map(([name]) => name)).toEqual(["a", "b"]);
  leave("b");
  await settled();
  expect(seen.map(([name]) => name)).toEqual(["a", "b", "large", "small"]);
});

test("who has waited for half a minute is sent away, and lets those behind in", async () => {
  const { seen, come } = visitors(new Room(10));
  await come("a", 8);
  void come("large", 8);
  await vi.advanceTimersByTimeAsync(10_000);
  void come("small", 2);
  await vi.advanceTimersByTimeAsync(19_999);
  expect(seen).toEqual([["a", true]]);
  await vi.advanceTimersByTimeAsync(1);
  expect(seen.slice(1)).toEqual([
    ["large", false],
    ["small", true],
  ]);
});

test("who needs more than there is gets all of it", async () => {
  const { seen, come, leave } = visitors(new Room(10));
  await come("huge", 1000);
  void come("a", 1);
  await settled();
  expect(seen).toEqual([["huge", true]]);
  leave("huge");
  await settled();
  expect(seen.at(-1)).toEqual(["a", true]);
});
