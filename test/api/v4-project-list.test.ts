/** `GET /projects`: a filter filters, or is refused. */
import { beforeAll, describe, expect, test } from "vitest";
import { answer, consumer, createProject } from "../tools/objects/fixtures.ts";
import type { Entity } from "../tools/objects/fixtures.ts";

let projects: Entity[] = [];

beforeAll(async () => {
  projects = [
    await createProject({ path: "list/one", visibility: "public", topics: ["Web", "go"] }),
    await createProject({ path: "list/two", visibility: "internal", topics: ["web"] }),
    await createProject({ path: "list/three", archived: true }),
  ];
});

const found = async (query: string): Promise<string[]> => {
  const response = await consumer("GET", `/projects?sort=asc&${query}`);
  expect(response.status).toBe(200);
  const list = await response.json<Entity[]>();
  expect(response.headers.get("X-Total")).toBe(String(list.length));
  return list.map((project) => String(project["path"]));
};

describe("projects are listed", () => {
  test.each([
    ["visibility=public", ["one"]],
    ["visibility=private", ["three"]],
    ["archived=true", ["three"]],
    ["archived=false", ["one", "two"]],
    ["topic=web", ["one", "two"]],
    ["topic=WEB,go", ["one"]],
    ["topic=none", []],
    ["search=list/t", ["two", "three"]],
    ["last_activity_after=2000-01-01T00:00:00Z", ["one", "two", "three"]],
    ["last_activity_before=2000-01-01", []],
    ["updated_after=2999-01-01", []],
    ["owned=true&membership=true&min_access_level=50", ["one", "two", "three"]],
    ["starred=true", []],
    ["with_issues_enabled=true", []],
    ["order_by=star_count", ["one", "two", "three"]],
    ["order_by=name", ["one", "three", "two"]],
    ["visibility=&search=&topic=", ["one", "two", "three"]],
  ])("by %s", async (query, paths) => {
    expect(await found(query)).toEqual(paths);
  });

  test("by number", async () => {
    const [one, , three] = projects.map(({ id }) => id);
    expect(await found(`id_after=${one}`)).toEqual(["two", "three"]);
    expect(await found(`id_before=${three}`)).toEqual(["one", "two"]);
    expect(await found(`id_after=${one}&id_before=${three}`)).toEqual(["two"]);
  });

  test("without the tokens that register their runners", async () => {
    for (const query of ["", "?simple=true", "?search=list"]) {
      const text = await (await consumer("GET", `/projects${query}`)).text();
      expect(text).not.toContain("runners_token");
    }
    expect(projects[0]).toHaveProperty("runners_token");
  });

  test("in short", async () => {
    const response = await consumer("GET", "/projects?simple=true&search=list/one");
    const [short] = await response.json<Record<string, unknown>[]>();
    expect(short).toMatchObject({
      path_with_namespace: "list/one",
      topics: ["Web", "go"],
      namespace: { full_path: "list" },
    });
    expect(short).not.toHaveProperty("build_timeout");
  });
});

test.each([
  ["visibility=secret", "visibility does not have a valid value"],
  ["archived=perhaps", "archived is invalid"],
  ["id_after=x", "id_after is invalid"],
  ["last_activity_after=yesterday", "last_activity_after is invalid"],
  ["order_by=similarity", "order_by does not have a valid value"],
  ["with_programming_language=go", "with_programming_language is a filter that Signalbox doesn't have"],
])("a filter that can't be followed is refused: %s", async (query, error) => {
  expect(await answer("GET", `/projects?${query}`)).toEqual([400, { error }]);
});
