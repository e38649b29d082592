import { describe, expect, it } from "vitest";
import { compose } from "../../../src/pipeline/compose/compose.ts";
import { composeWith } from "../../../src/pipeline/compose/compose-with.ts";
import { type FetchedInclude, type IncludeRequest, requestKey } from "../../../src/pipeline/compose/include-request.ts";
import { composeInput, files, messages } from "./composing.ts";
import { plain } from "../yaml/reading.ts";

const ALL = new Set<IncludeRequest["kind"]>(["local", "remote", "project", "template", "component"]);
const text = (found: string, more: Partial<FetchedInclude & { found: true }> = {}): FetchedInclude => ({
  found: true,
  text: found,
  repository: null,
  ...more,
});

describe("what composing lacks", () => {
  it.each<[string, IncludeRequest]>([
    ["a.yml", { kind: "local", path: "a.yml", repository: null }],
    ["https://x.org/a.yml", { kind: "remote", url: "https://x.org/a.yml", integrity: null }],
    [
      "{remote: 'https://x.org/a.yml', integrity: sha256-abc=}",
      { kind: "remote", url: "https://x.org/a.yml", integrity: "sha256-abc=" },
    ],
    ["{project: Group/Ci, file: /a.yml}", { kind: "project", project: "group/ci", file: "a.yml", ref: "HEAD" }],
    ["{project: group/ci, file: [a.yml], ref: v1}", { kind: "project", project: "group/ci", file: "a.yml", ref: "v1" }],
    ["{template: Go.gitlab-ci.yml}", { kind: "template", name: "Go.gitlab-ci.yml" }],
    ["{component: x.org/p/c@1.0}", { kind: "component", address: "x.org/p/c@1.0" }],
  ])("include: %s is asked for as %j", (include, request) => {
    expect(compose(composeInput(`include: ${include}\njob: {script: x}`, { fetches: ALL }))).toEqual({
      state: "lacking",
      requests: [request],
    });
  });

  it("is asked for at once, each file once, what is there not at all", () => {
    const include = "[a.yml, b.yml, {project: p/q, file: [c.yml, d.yml]}, a.yml]";
    const composition = compose(
      composeInput(`include: ${include}`, { fetches: ALL, files: files({ "b.yml": "include: e.yml" }) }),
    );
    expect(
      composition.state === "lacking" &&
        composition.requests.map((request) => ("path" in request ? request.path : request.kind)),
    ).toEqual(["a.yml", "e.yml", "project", "project"]);
  });
});

describe("composing with somebody who fetches", () => {
  const served = async (content: string, answers: readonly [IncludeRequest, FetchedInclude][]) => {
    const byKey = new Map(answers.map(([request, answer]) => [requestKey(request), answer]));
    const asked: string[] = [];
    const config = await composeWith(composeInput(content), {
      kinds: ALL,
      fetch: async (request) => {
        asked.push(requestKey(request));
        return byKey.get(requestKey(request)) ?? { found: false };
      },
    });
    return { config, asked };
  };
  const remote = (name: string): IncludeRequest => ({ kind: "remote", url: `https://x.org/${name}`, integrity: null });
  const project = (file: string): IncludeRequest => ({ kind: "project", project: "p/q", file, ref: "HEAD" });

  it("goes on round by round, and fetches no file twice", async () => {
    const { config, asked } = await served("include: ['https://x.org/a.yml', 'https://x.org/b.yml']", [
      [remote("a.yml"), text("include: 'https://x.org/c.yml'\na: {script: a}")],
      [remote("b.yml"), text("include: ['https://x.org/c.yml', 'https://x.org/a.yml']\nb: {script: b}")],
      [remote("c.yml"), text("c: {script: c}")],
    ]);
    expect(plain(config.merged)).toEqual({ a: { script: "a" }, b: { script: "b" }, c: { script: "c" } });
    expect(asked).toEqual(["a", "b", "c"].map((name) => requestKey(remote(`${name}.yml`))));
  });

  it("looks for local files of another project there", async () => {
    const repository = { project: "p/q", sha: "abc" };
    const { config } = await served("include: {project: p/q, file: a.yml}", [
      [
        project("a.yml"),
        text("include: sub/b.yml\na: {script: a}", { repository, blob: "https://q/blob", raw: "https://q/raw" }),
      ],
      [{ kind: "local", path: "sub/b.yml", repository }, text("b: {script: b}", { repository })],
    ]);
    expect([...config.jobs.keys()]).toEqual(["b", "a"]);
    expect(config.includes).toEqual([
      {
        type: "file",
        location: "a.yml",
        blob: "https://q/blob",
        raw: "https://q/raw",
        extra: { project: "p/q", ref: "HEAD" },
        context_project: null,
        context_sha: "c0ffee",
      },
      {
        type: "local",
        location: "sub/b.yml",
        blob: null,
        raw: null,
        extra: {},
        context_project: "p/q",
        context_sha: "abc",
      },
    ]);
  });

  it("gives a component its facts", async () => {
    const request: IncludeRequest = { kind: "component", address: "x.org/p/c@1.0" };
    const { config } = await served("include: {component: x.org/p/c@1.0}", [
      [
        request,
        text('spec: {component: [version]}\n---\na: {script: "v$[[ component.version ]]"}', {
          component: { name: "c", version: "1.0.3" },
        }),
      ],
    ]);
    expect(plain(config.merged)).toEqual({ a: { script: "v1.0.3" } });
  });

  it.each<[string, string]>([
    ["a.yml", "Local file `a.yml` does not exist!"],
    ["https://x.org/a.yml", "Remote file `https://x.org/a.yml` could not be fetched!"],
    ["{project: p/q, file: a.yml}", "Project `p/q` file `a.yml` does not exist!"],
    ["{template: A.gitlab-ci.yml}", "Included file `A.gitlab-ci.yml` is empty or does not exist!"],
    ["{component: x.org/p/c@1}", "Component 'x.org/p/c@1' - content not found"],
  ])("%s that isn't there: %s", async (include, message) => {
    const { config } = await served(`include: ${include}\njob: {script: x}`, []);
    expect(messages(config, "error")).toEqual([message]);
  });

  it("says why, if it is told", async () => {
    const { config } = await served("include: 'https://x.org/a.yml'", [
      [
        remote("a.yml"),
        { found: false, reason: "Remote file could not be fetched because it is on a private network!" },
      ],
    ]);
    expect(messages(config, "error")).toEqual(["Remote file could not be fetched because it is on a private network!"]);
  });

  it("ends after 150 files, whoever serves more", async () => {
    let served = 0;
    const config = await composeWith(composeInput("include: 'https://x.org/0.yml'"), {
      kinds: ALL,
      fetch: async () => {
        served += 1;
        return text(`include: 'https://x.org/${served}.yml'\nj${served}: {script: x}`);
      },
    });
    expect([messages(config, "error"), served]).toEqual([["Maximum of 150 nested includes are allowed!"], 150]);
  });
});
