import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Room } from "../../src/artifacts/room.ts";
import type { Place } from "../../src/artifacts/room.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => void vi.useRealTimers());

/** Who has come in, in their order; `false` for one who gave up. */
const visitors = (room: Room) => {
  const seen: [string, boolean][] = [];
  const places = new Map<string, Place>();
  const come = async (name: string, bytes: number): Promise<void> => {
    const place = room.place(bytes);
    places.set(name, place);
    seen.push([name, await place.take()]);
  };
  const keepUp = async (ms: number, ...names: string[]): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 1000) {
      for (const name of names) places.get(name)?.touch();
      await vi.advanceTimersByTimeAsync(1000);
    }
  };
  return { seen, come, keepUp, leave: (name: string) => places.get(name)?.leave() };
};

const looked = () => vi.advanceTimersByTimeAsync(250);

test("there is room until it is full, and again when somebody leaves", async () => {
  const { seen, come, leave } = visitors(new Room(10));
  await come("a", 6);
  await come("b", 4);
  void come("c", 1);
  await looked();
  expect(seen).toEqual([
    ["a", true],
    ["b", true],
  ]);
  leave("b");
  await looked();
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
  await looked();
  expect(seen.map(([name]) => name)).toEqual(["a", "b"]);
  leave("b");
  await looked();
  await looked();
  expect(seen.map(([name]) => name)).toEqual(["a", "b", "large", "small"]);
});

test("who has waited for half a minute is sent away, and lets those behind in", async () => {
  const { seen, come, keepUp } = visitors(new Room(10));
  await come("a", 8);
  void come("large", 8);
  await keepUp(10_000, "a");
  void come("small", 2);
  await keepUp(19_000, "a");
  expect(seen).toEqual([["a", true]]);
  await keepUp(2000, "a");
  expect(seen.slice(1)).toEqual([
    ["large", false],
    ["small", true],
  ]);
});

test("who has made no progress for a minute has gone without a word, and has no room any more", async () => {
  const { seen, come, keepUp } = visitors(new Room(10));
  await come("a", 8);
  await come("b", 2);
  await keepUp(59_000, "b");
  void come("c", 8);
  await looked();
  expect(seen.map(([name]) => name)).toEqual(["a", "b"]);
  await keepUp(2000, "b");
  expect(seen.at(-1)).toEqual(["c", true]);
});

test("who waits and is stopped there holds nobody up", async () => {
  const room = new Room(10);
  const { seen, come, leave } = visitors(room);
  await come("a", 10);
  // It looks no more.
  room.place(5).touch();
  leave("a");
  void come("b", 5);
  await looked();
  expect(seen).toEqual([["a", true]]);
  for (let seconds = 0; seconds < 6; seconds++) await vi.advanceTimersByTimeAsync(1000);
  expect(seen.at(-1)).toEqual(["b", true]);
});

test("who needs more than there is gets all of it", async () => {
  const { seen, come, leave } = visitors(new Room(10));
  await come("huge", 1000);
  void come("a", 1);
  await looked();
  expect(seen).toEqual([["huge", true]]);
  leave("huge");
  await looked();
  expect(seen.at(-1)).toEqual(["a", true]);
});
