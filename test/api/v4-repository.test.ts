/** What is known of a repository: the branches, tags and commits that builds had. */
import { describe, expect, test } from "vitest";
import { answer, consumer, createJob, createProject, ORIGIN, SHA } from "../tools/objects/fixtures.ts";
import type { Entity } from "../tools/objects/fixtures.ts";

const OTHER_SHA = "0123456789abcdef0123456789abcdef01234567";

const project = async (): Promise<Entity & { readonly latest: Entity }> => {
  const made = await createProject();
  await createJob(made.id, { ref: "main", sha: OTHER_SHA });
  await createJob(made.id, { ref: "feature/a", sha: OTHER_SHA });
  await createJob(made.id, { ref: "v1", tag: true, sha: SHA });
  const latest = await createJob(made.id, { ref: "main", sha: SHA });
  return { ...made, latest };
};

const names = async (path: string): Promise<string[]> => {
  const response = await consumer("GET", path);
  return (await response.json<Entity[]>()).map((each) => String(each["name"]));
};

describe("branches and tags", () => {
  test("are those that builds had, by name, with the commit of the latest", async () => {
    const { id, ...made } = await project();
    const [status, branches] = await answer("GET", `/projects/${id}/repository/branches`);
    expect(status).toBe(200);
    expect(branches).toMatchObject([
      { name: "feature/a", default: false, commit: { id: OTHER_SHA } },
      { name: "main", default: true, commit: { id: SHA, short_id: SHA.slice(0, 8), title: "" } },
    ]);
    expect(branches).toMatchObject([
      { web_url: `${ORIGIN}/${String(made["path_with_namespace"])}/-/tree/feature/a` },
      {},
    ]);
    expect(await answer("GET", `/projects/${id}/repository/tags`)).toMatchObject([
      200,
      [{ name: "v1", target: SHA, commit: { id: SHA }, release: null }],
    ]);
  });

  test("are found by a part of the name, and come in pages", async () => {
    const { id } = await project();
    const path = `/projects/${id}/repository/branches`;
    expect(await names(`${path}?search=FEAT`)).toEqual(["feature/a"]);
    expect(await names(`${path}?search=none`)).toEqual([]);
    const page = await consumer("GET", `${path}?per_page=1&page=2`);
    expect(await page.json()).toMatchObject([{ name: "main" }]);
    expect(page.headers.get("X-Total")).toBe("2");
  });

  test.each([
    ["branches/main", 200, { name: "main" }],
    ["branches/feature%2Fa", 200, { name: "feature/a" }],
    ["branches/feature/a", 200, { name: "feature/a" }],
    ["branches/v1", 404, { message: "404 Branch Not Found" }],
    ["tags/v1", 200, { name: "v1" }],
    ["tags/main", 404, { message: "404 Tag Not Found" }],
  ])("%s by itself", async (path, status, body) => {
    const { id } = await project();
    expect(await answer("GET", `/projects/${id}/repository/${path}`)).toMatchObject([status, body]);
  });

  test("are none before the first build", async () => {
    const { id } = await createProject();
    expect(await answer("GET", `/projects/${id}/repository/branches`)).toEqual([200, []]);
    expect(await answer("GET", `/projects/${id}/repository/tags`)).toEqual([200, []]);
  });
});

describe("a commit", () => {
  test.each([["main"], [SHA], [SHA.slice(0, 10)], [SHA.toUpperCase()]])(
    "is found by %s, with its pipeline",
    async (by) => {
      const { id, latest } = await project();
      const pipeline = (latest as Record<string, unknown>)["pipeline"] as object;
      expect(await answer("GET", `/projects/${id}/repository/commits/${by}`)).toMatchObject([
        200,
        { id: SHA, project_id: id, status: "pending", last_pipeline: pipeline },
      ]);
    },
  );

  test.each([["none"], ["f".repeat(40)], ["abcdef"]])("is none by %s", async (by) => {
    const { id } = await project();
    const answered = await answer("GET", `/projects/${id}/repository/commits/${by}`);
    expect(answered).toEqual([404, { message: "404 Commit Not Found" }]);
  });
});

test.each([["merge_requests?source_branch=main&state=opened"], ["environments"]])("%s are none", async (path) => {
  const { id } = await createProject();
  const response = await consumer("GET", `/projects/${id}/${path}`);
  expect([response.status, await response.json(), response.headers.get("X-Total")]).toEqual([200, [], "0"]);
});
