import { describe, expect, it } from "vitest";
import { WaitingLine } from "../../src/queue/waiting-line.ts";

const LONG_MS = 60_000;
const PATIENCE_MS = 1000;
const MAX_HELD = 3;

/** Polls by machine `1/a` of runner 1; `order` tells who was woken, in which order. */
const line = () => {
  const polls = new WaitingLine();
  const order: string[] = [];
  let nowMs = 0;
  const joins = (machine: string, poll = machine) => {
    polls.inVain(machine, Number.parseInt(machine, 10), nowMs++, PATIENCE_MS);
    void polls.wait(machine, LONG_MS, MAX_HELD).then(() => order.push(poll));
  };
  const wakes = async (mayTake: (runnerId: number) => boolean = () => true, group = "g") => {
    const isWoken = polls.wakeOne(group, mayTake);
    await Promise.resolve();
    return isWoken;
  };
  return { polls, order, joins, wakes, waits: (ms: number) => void (nowMs += ms), now: () => nowMs };
};

describe("of those that wait", () => {
  it("the longest waiting is woken that may take the build, whoever has come since", async () => {
    const { order, joins, wakes } = line();
    for (const machine of ["1/a", "2/a", "3/a"]) joins(machine);
    expect(await wakes((runnerId) => runnerId !== 1)).toBe(true);
    expect(await wakes()).toBe(true);
    expect(await wakes((runnerId) => runnerId === 1)).toBe(false);
    expect(order).toEqual(["2/a", "1/a"]);
  });

  it("a machine keeps its place from poll to poll, but not after a pause or when it was served", async () => {
    const { polls, order, joins, wakes, waits, now } = line();
    joins("1/a");
    joins("2/a");
    await wakes();
    joins("1/a", "1/a again");
    await wakes();
    expect(order).toEqual(["1/a", "1/a again"]);
    polls.served("1/a", now());
    joins("1/a", "1/a served");
    await wakes();
    waits(PATIENCE_MS + 1);
    joins("3/a");
    joins("2/a", "2/a after a pause");
    for (let at = 0; at < 3; at++) await wakes();
    expect(order.slice(2)).toEqual(["2/a", "1/a served", "3/a", "2/a after a pause"]);
  });

  it("the newest poll of a machine is woken, older ones being ghosts", async () => {
    const { order, joins, wakes } = line();
    joins("1/a", "ghost");
    joins("2/a");
    joins("1/a", "newest");
    for (let at = 0; at < 3; at++) await wakes();
    expect(order).toEqual(["newest", "ghost", "2/a"]);
  });

  it("those who were woken for a group and have not come are counted", async () => {
    const { polls, joins, wakes } = line();
    for (const machine of ["1/a", "2/a"]) joins(machine);
    await wakes();
    await wakes();
    await wakes();
    expect([polls.wokenFor("g"), polls.wokenFor("h")]).toEqual([2, 0]);
    polls.came("g");
    polls.came("g");
    expect(polls.wokenFor("g")).toBe(0);
  });

  it("a released one is woken for nobody", async () => {
    const { polls, order, joins } = line();
    for (const machine of ["1/a", "1/b", "2/a"]) joins(machine);
    polls.release(1, "1/b");
    await Promise.resolve();
    expect([order, polls.isWaiting(1)]).toEqual([["1/b"], true]);
    polls.release(1);
    await Promise.resolve();
    expect([order, polls.isWaiting(1), polls.size]).toEqual([["1/b", "1/a"], false, 1]);
    expect(polls.wokenFor("g")).toBe(0);
    expect([...polls.waitingRunners()]).toEqual([2]);
  });

  it("none is forgotten for machines that ask and don't wait, however many", async () => {
    const { polls, order, joins, wakes, now } = line();
    joins("1/a");
    for (let at = 0; at < 30_000; at++) polls.inVain(`2/${at}`, 2, now(), PATIENCE_MS);
    expect(await wakes()).toBe(true);
    expect(order).toEqual(["1/a"]);
  });
});

describe("of one machine's polls", () => {
  it("the oldest gives way when there are too many, and none of another machine", async () => {
    const polls = new WaitingLine();
    const ended: string[] = [];
    for (const poll of ["1/a first", "1/b", "1/a second", "1/a third", "1/a fourth"]) {
      const [machine = ""] = poll.split(" ");
      polls.inVain(machine, 1, 0, PATIENCE_MS);
      void polls.wait(machine, LONG_MS, MAX_HELD).then((why) => ended.push(`${poll}: ${String(why)}`));
    }
    await Promise.resolve();
    expect(ended).toEqual(["1/a first: Symbol(superseded)"]);
    expect(polls.size).toBe(4);
    polls.release(1);
  });
});
