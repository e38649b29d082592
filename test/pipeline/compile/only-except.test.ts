import { describe, expect, it } from "vitest";
import type { PipelineContext } from "../../../src/pipeline/context.ts";
import { variables } from "../compose/composing.ts";
import { compiled } from "./compiling.ts";

const EVENTS: Readonly<Record<string, Partial<PipelineContext>>> = {
  "push to main": { ref: "main" },
  "push to issue-7": { ref: "issue-7" },
  "tag v1.0": { ref: "v1.0", tag: true },
  schedule: { source: "schedule" },
  api: { source: "api" },
  web: { source: "web" },
  trigger: { source: "trigger" },
  pipeline: { source: "pipeline" },
  external: { source: "external" },
  request: { source: "merge_request_event", ref: "refs/merge-requests/5/head" },
  "fork's request": { source: "external_pull_request_event", ref: "refs/merge-requests/6/head" },
};

/** The events in whose pipelines the job is. */
const eventsOf = (job: string, more: Partial<PipelineContext> = {}): readonly string[] =>
  Object.entries(EVENTS).flatMap(([name, event]) => {
    const text = `always: {script: s, rules: [{when: always}]}\njob: {script: s, ${job}}`;
    const compilation = compiled(text, { ...event, ...more }, { project: "group/app" });
    if (compilation.kind !== "plan") throw new Error(compilation.kind);
    return compilation.plan.jobs.some((planned) => planned.name === "job") ? [name] : [];
  });

const BRANCHES = Object.keys(EVENTS).filter((name) => !name.includes("tag") && !name.includes("request"));
const ALL_BUT_REQUESTS = Object.keys(EVENTS).filter((name) => !name.includes("request"));

describe("`only` and `except`", () => {
  it.each<[string, readonly string[]]>([
    ["", ALL_BUT_REQUESTS],
    ["only: [branches]", BRANCHES],
    ["only: [tags]", ["tag v1.0"]],
    ["only: [main]", BRANCHES.filter((name) => name !== "push to issue-7")],
    ["only: [/^issue-.*$/]", ["push to issue-7"]],
    ["only: [/^ISSUE/i]", ["push to issue-7"]],
    ["only: [/^ISSUE/]", []],
    ["only: [/ssu/]", ["push to issue-7"]],
    ["only: [pushes]", ["push to main", "push to issue-7", "tag v1.0"]],
    ["only: [schedules]", ["schedule"]],
    ["only: [schedule]", ["schedule"]],
    ["only: [api, web]", ["api", "web"]],
    ["only: [triggers]", ["trigger"]],
    ["only: [pipelines]", ["pipeline"]],
    ["only: [external]", ["external"]],
    ["only: [merge_requests]", ["request"]],
    ["only: [external_pull_requests]", ["fork's request"]],
    ["only: [issue-7@group/app]", ["push to issue-7"]],
    ["only: [issue-7@group/other]", []],
    ["only: [/^issue/@group/app]", ["push to issue-7"]],
    ["only: []", []],
    ["except: [branches]", ["tag v1.0"]],
    ["except: [tags, schedules]", BRANCHES.filter((name) => name !== "schedule")],
    [
      "only: [branches], except: [/^issue/, api]",
      BRANCHES.filter((name) => !["push to issue-7", "api"].includes(name)),
    ],
    ["only: {refs: [tags]}", ["tag v1.0"]],
    ["only: {variables: [$A]}", []],
    ["only: {kubernetes: active}", []],
    ["except: {kubernetes: active}", ALL_BUT_REQUESTS],
    ["except: {refs: [tags], variables: [$A]}", BRANCHES],
  ])("%s", (job, expected) => expect(eventsOf(job)).toEqual(expected));

  it.each<[string, readonly string[]]>([
    ["only: {variables: [$A]}", ALL_BUT_REQUESTS],
    ["only: {variables: [$NOPE, '$A == \"a\"']}", ALL_BUT_REQUESTS],
    ["only: {refs: [tags], variables: [$A]}", ["tag v1.0"]],
    ["only: {refs: [tags], variables: [$NOPE]}", []],
    ["except: {variables: [$A]}", []],
    ["except: {refs: [tags], variables: [$A]}", []],
  ])("%s, with $A", (job, expected) => expect(eventsOf(job, { given: variables({ A: "a" }) })).toEqual(expected));

  it.each<[string, readonly string[] | null, readonly string[]]>([
    ["only: {changes: [src/**]}", ["src/a"], ALL_BUT_REQUESTS],
    ["only: {changes: [src/**]}", ["doc/a"], []],
    ["only: {changes: [src/**]}", null, ALL_BUT_REQUESTS],
    ["only: {refs: [tags], changes: [src/**]}", ["src/a"], ["tag v1.0"]],
    ["except: {changes: [src/**]}", ["src/a"], []],
    ["except: {changes: [src/**]}", null, []],
  ])("%s where %j has changed", (job, changedPaths, expected) =>
    expect(eventsOf(job, { changedPaths })).toEqual(expected),
  );
});
