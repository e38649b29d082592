import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { app } from "../../src/app.ts";
import { tokenKeys } from "../../src/settings.ts";
import { DEFAULT_QUEUE } from "../../src/stubs.ts";
import { registerRunner } from "../tools/objects/fixtures.ts";
import type { Entity } from "../tools/objects/fixtures.ts";

const PUBLIC = { PUBLIC_URL: "https://public.example/ci" };

const post = async <T>(url: string, body: object, settings: object = {}): Promise<T> => {
  const headers = { "PRIVATE-TOKEN": "test-admin-token", "Content-Type": "application/json" };
  const response = await app.request(
    url,
    { method: "POST", headers, body: JSON.stringify(body) },
    { ...env, ...settings },
  );
  if (response.status === 201) return response.json<T>();
  throw new Error(`${url}: ${response.status} ${await response.text()}`);
};

interface Claimed {
  readonly variables: readonly { readonly key: string; readonly value: string }[];
}

/** A project that was made at one address and given a job at another; its runner asks for work at a third. */
const claimAt = async (path: string, settings: object): Promise<ReadonlyMap<string, string>> => {
  const made = { path: `test/${crypto.randomUUID()}` };
  const project = await post<Entity>("https://made.example/api/v4/projects", made);
  const jobs = `https://asked.example:8443/api/v4/projects/${project.id}/jobs`;
  await post(jobs, { name: "unit", script: ["true"] });
  const { id, epoch } = await registerRunner(project.id);
  const token = tokenKeys(env).sign({ kind: "runner", queue: DEFAULT_QUEUE, id, epoch, prefix: "" });
  const { variables } = await post<Claimed>(`http://10.0.0.7:8787${path}`, { token }, settings);
  return new Map(variables.map(({ key, value }) => [key, value]));
};

describe.each([
  ["legacy", "/ci/api/v1/builds/register"],
  ["today's", "/api/v4/jobs/request"],
])("a job of a %s runner", (_dialect, path) => {
  test.each<[how: string, settings: object, url: string, host: string, port: string]>([
    ["without PUBLIC_URL by the one where its project was made", {}, "https://made.example", "made.example", "443"],
    ["with PUBLIC_URL by that", PUBLIC, "https://public.example/ci", "public.example", "443"],
  ])("is told the server's address %s, not the runner's", async (_how, settings, url, host, port) => {
    const told = await claimAt(path, settings);

    expect(told.get("CI_SERVER_URL")).toBe(url);
    expect([told.get("CI_SERVER_HOST"), told.get("CI_SERVER_PORT")]).toEqual([host, port]);
    expect(told.get("CI_API_V4_URL")).toBe(`${url}/api/v4`);
    for (const name of ["CI_JOB_URL", "CI_PROJECT_URL", "CI_PIPELINE_URL"]) {
      expect(told.get(name)?.startsWith(`${url}/test/`)).toBe(true);
    }
    expect([...told.values()].filter((value) => value.includes("10.0.0.7"))).toEqual([]);
  });
});

test("links of the consumer API begin with the address that was asked, or with PUBLIC_URL", async () => {
  const list = async (settings: object) => {
    const url = "http://10.0.0.7:8787/api/v4/projects?per_page=1&private_token=test-admin-token";
    const response = await app.request(url, {}, { ...env, ...settings });
    const [project] = await response.json<{ web_url: string }[]>();
    return [project?.web_url, response.headers.get("Link")?.split(", ")[0]];
  };
  await post("https://made.example/api/v4/projects", { path: "listed/one" });
  await post("https://made.example/api/v4/projects", { path: "listed/two" });

  expect(await list({})).toEqual([
    "http://10.0.0.7:8787/listed/two",
    '<http://10.0.0.7:8787/api/v4/projects?per_page=1&page=2>; rel="next"',
  ]);
  expect(await list(PUBLIC)).toEqual([
    "https://public.example/ci/listed/two",
    '<https://public.example/ci/api/v4/projects?per_page=1&page=2>; rel="next"',
  ]);
});
