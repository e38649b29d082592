import { describe, expect, it } from "vitest";
import { firstOf, groupKey, pendingReason, suits } from "../../../src/core/runner/matching.ts";
import type { Candidate } from "../../../src/core/runner/matching.ts";
import type { AccessLevel } from "../../../src/core/runner/runner.ts";

const GROUP = { projectId: 1, tags: [] as readonly string[], refProtected: false };
const INSTANCE = {
  id: 1,
  projects: null,
  tags: [] as readonly string[],
  runUntagged: true,
  accessLevel: "not_protected" as AccessLevel,
  paused: false,
  online: true,
};
const isOnline = ({ online }: { readonly online: boolean }) => online;
const OWN = { ...INSTANCE, projects: [1] };

describe("who may take what", () => {
  it.each<[string, Partial<typeof INSTANCE> | Partial<typeof OWN>, readonly string[], boolean]>([
    ["an untagged build needs a runner that takes such", { runUntagged: false, tags: ["a"] }, [], false],
    ["an untagged build goes to a runner with tags that takes such", { tags: ["a"] }, [], true],
    ["a runner needs all of the tags", { tags: ["a"] }, ["a", "b"], false],
    ["a runner may have more tags", { tags: ["c", "b", "a"] }, ["a", "b"], true],
    ["tags are told apart by case", { tags: ["A"] }, ["a"], false],
    ["a tagged build doesn't care for run_untagged", { tags: ["a"], runUntagged: false }, ["a"], true],
    ["a project's runner takes its project's builds", { projects: [1, 2] }, [], true],
    ["a project's runner takes no other project's", { projects: [2] }, [], false],
    ["a runner without any project takes nothing", { projects: [] }, [], false],
    ["a runner for protected refs takes no others", { accessLevel: "ref_protected" }, [], false],
  ])("%s", (_title, traits, tags, expected) => {
    expect(suits({ ...INSTANCE, ...traits }, { ...GROUP, tags }, true)).toBe(expected);
  });

  it.each<AccessLevel>(["not_protected", "ref_protected"])(
    "a build of a protected ref goes to a %s runner",
    (accessLevel) => {
      expect(suits({ ...INSTANCE, accessLevel }, { ...GROUP, refProtected: true }, true)).toBe(true);
      expect(
        suits({ ...INSTANCE, accessLevel, tags: ["b"] }, { ...GROUP, tags: ["a"], refProtected: true }, true),
      ).toBe(false);
    },
  );

  it("a project may keep instance runners away, but not its own", () => {
    expect(suits(INSTANCE, GROUP, false)).toBe(false);
    expect(suits(OWN, GROUP, false)).toBe(true);
  });
});

describe("who goes first", () => {
  const oldest: Candidate = { projectId: 1, position: 10 };
  const second: Candidate = { projectId: 1, position: 11 };
  const other: Candidate = { projectId: 2, position: 12 };
  const running = (counts: Record<number, number>) => (projectId: number) => counts[projectId] ?? 0;

  it("nobody, when there is nobody", () => {
    expect(firstOf([], running({}))).toBeNull();
  });

  it("the oldest, while projects run equally much", () => {
    expect(firstOf([other, second, oldest], running({}))).toBe(oldest);
    expect(firstOf([other, second, oldest], running({ 1: 3, 2: 3 }))).toBe(oldest);
  });

  it("the project that runs least, though its build came last", () => {
    expect(firstOf([oldest, second, other], running({ 1: 1 }))).toBe(other);
  });

  it("alternates between a project with many builds and one with few", () => {
    const waiting = [oldest, second, { projectId: 1, position: 13 }, other, { projectId: 2, position: 14 }];
    const counts: Record<number, number> = {};
    const order: number[] = [];
    while (waiting.length > 0) {
      const first = firstOf(waiting, running(counts));
      if (first === null) break;
      waiting.splice(waiting.indexOf(first), 1);
      counts[first.projectId] = (counts[first.projectId] ?? 0) + 1;
      order.push(first.projectId);
    }
    expect(order).toEqual([1, 2, 1, 2, 1]);
  });
});

describe("groups", () => {
  it("differ by project, tags, protected refs, and the runner to avoid", () => {
    const group = { projectId: 1, tags: [], refProtected: false, avoidRunnerId: null };
    const keys = [
      groupKey(group),
      groupKey({ ...group, projectId: 2 }),
      groupKey({ ...group, tags: ["a", "b"] }),
      groupKey({ ...group, tags: ["a,b"] }),
      groupKey({ ...group, tags: ['a","b'] }),
      groupKey({ ...group, avoidRunnerId: 1 }),
      groupKey({ ...group, refProtected: true }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("have the keys that are stored with builds of earlier versions", () => {
    expect(groupKey({ projectId: 1, tags: ["a"], refProtected: false, avoidRunnerId: 2 })).toBe('[1,["a"],2]');
  });
});

describe("why a build waits", () => {
  const tagged = { ...GROUP, tags: ["a", "b"] };
  const able = { ...INSTANCE, tags: ["a", "b"] };

  it.each<[string, readonly (typeof INSTANCE | typeof OWN)[], boolean]>([
    ["no runner serves this project", [], true],
    ["no runner serves this project", [able], false],
    ["no runner serves this project", [{ ...OWN, projects: [2], tags: ["a", "b"] }], true],
    ["no runner has the tags a, b", [INSTANCE], true],
    [
      "every runner that has the tags a, b takes only builds of protected refs",
      [INSTANCE, { ...able, accessLevel: "ref_protected" }],
      true,
    ],
    ["every runner that has the tags a, b is paused", [INSTANCE, { ...able, paused: true }], true],
    ["no runner that has the tags a, b is online", [INSTANCE, { ...able, online: false }], true],
    ["waiting for a runner to become free", [{ ...able, online: false }, able], true],
  ])("%s", (reason, runners, allowed) => {
    expect(pendingReason(tagged, runners, isOnline, allowed)).toBe(reason);
  });

  it("speaks of untagged builds in their own words", () => {
    expect(pendingReason(GROUP, [{ ...INSTANCE, runUntagged: false }], isOnline, true)).toBe(
      "no runner takes builds without tags",
    );
  });
});
