import { env } from "cloudflare:workers";
import { runDurableObjectAlarm } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { tokenKeys } from "../../src/settings.ts";
import { directoryStub, projectStub } from "../../src/stubs.ts";
import { answer, claim, consumer, createJob, createProject, entity, ORIGIN } from "../tools/objects/fixtures.ts";
import { finish, registerRunner, storeArchive } from "../tools/objects/fixtures.ts";

const created = async (body: unknown) => answer("POST", "/projects", { body });

describe("creating a project", () => {
  test("answers with GitLab's entity, and the token that registers its runners", async () => {
    const fields = {
      name: "My Demo",
      description: "of all",
      repo_url: "https://git:secret@git.test/a/b.git",
      default_branch: "trunk",
      visibility: "public",
      build_timeout: "120",
      shared_runners_enabled: "false",
      ci_default_git_depth: "5",
    };
    const project = await entity(201, "POST", "/projects", { body: fields });
    expect(project).toMatchObject({
      id: expect.any(Number),
      name: "My Demo",
      path: "my-demo",
      path_with_namespace: "root/my-demo",
      name_with_namespace: "root / My Demo",
      namespace: { name: "root", path: "root", kind: "group", full_path: "root" },
      description: "of all",
      default_branch: "trunk",
      visibility: "public",
      build_timeout: 120,
      shared_runners_enabled: false,
      ci_default_git_depth: 5,
      repo_url: "https://git.test/a/b.git",
      http_url_to_repo: "https://git.test/a/b.git",
      web_url: `${ORIGIN}/root/my-demo`,
      archived: false,
      jobs_enabled: true,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    const keys = tokenKeys(env);
    expect(keys.verify(project["runners_token"] as string)).toMatchObject({ kind: "project", id: project.id });
  });

  test.each([
    [{ path: "group/sub/one" }, { path_with_namespace: "group/sub/one", name: "one", path: "one" }],
    [{ path: "two" }, { path_with_namespace: "root/two", name: "two", path: "two" }],
    [
      { path: "group/three", name: "Three" },
      { path_with_namespace: "group/three", name: "Three", path: "three" },
    ],
    [
      { name: "Four!", repo_url: null },
      { path_with_namespace: "root/four", name: "Four!", repo_url: "" },
    ],
  ])("%j has its path and name", async (body, expected) => {
    expect(await created(body)).toEqual([201, expect.objectContaining(expected)]);
  });

  test.each([
    ["https://user:p%40ss@git.test:8443/x.git", "https://git.test:8443/x.git"],
    ["https://token@git.test/x.git", "https://git.test/x.git"],
    ["https://user:p@ss@git.test/x.git", "https://git.test/x.git"],
    ["ssh://git@git.test/x.git", "ssh://git.test/x.git"],
    ["https://git.test/@scope/x.git", "https://git.test/@scope/x.git"],
    ["git@git.test:group/x.git", "git@git.test:group/x.git"],
    ["/srv/git/x.git", "/srv/git/x.git"],
  ])("the repository %s is shown as %s", async (repoUrl, shown) => {
    expect(await createProject({ repo_url: repoUrl })).toMatchObject({ repo_url: shown });
  });

  test.each([
    ["https://git.test/x.git", { http_url_to_repo: "https://git.test/x.git", ssh_url_to_repo: "" }],
    ["/srv/git/x.git", { http_url_to_repo: "/srv/git/x.git", ssh_url_to_repo: "" }],
    ["ssh://git@git.test/x.git", { http_url_to_repo: "", ssh_url_to_repo: "ssh://git.test/x.git" }],
    ["git@git.test:group/x.git", { http_url_to_repo: "", ssh_url_to_repo: "git@git.test:group/x.git" }],
    ["", { http_url_to_repo: "", ssh_url_to_repo: "" }],
  ])("%s is shown as what it is cloned by", async (repoUrl, shown) => {
    expect(await createProject({ repo_url: repoUrl })).toMatchObject(shown);
  });

  test("a path that is taken is refused, however it is written", async () => {
    await createProject({ path: "group/taken" });
    const taken = { message: { path: ["has already been taken"] } };
    expect(await created({ path: "group/taken" })).toEqual([400, taken]);
    expect(await created({ path: "Group/Taken" })).toEqual([400, taken]);
  });

  test.each([
    [{}, "name, path are missing, at least one parameter must be provided"],
    [{ name: null }, "name, path are missing, at least one parameter must be provided"],
    [{ name: "日本" }, "path can't be made from this name, give one"],
    [{ path: "a b" }, "path is invalid"],
    [{ path: "../up" }, "path is invalid"],
    [{ name: "x\ny" }, "name is invalid"],
    [{ name: "x", visibility: "secret" }, "visibility does not have a valid value"],
    [{ name: "x", build_timeout: 0 }, "build_timeout is invalid"],
    [{ name: "x", ci_default_git_depth: -1 }, "ci_default_git_depth is invalid"],
    [{ name: "x", ci_default_git_depth: 1001 }, "ci_default_git_depth is invalid"],
    [{ name: "x", repo_url: "two words" }, "repo_url is invalid"],
  ])("%j is refused: %s", async (body, error) => {
    expect(await created(body)).toEqual([400, { error }]);
  });

  test("a body that is no object is refused", async () => {
    expect(await created(5)).toEqual([400, { error: "the JSON is not an object" }]);
  });
});

describe("one project", () => {
  test("is found by id, and by its URL-encoded path in any case", async () => {
    const project = await createProject({ path: "Find/me.here" });
    for (const reference of [project.id, "Find%2Fme.here", "find%2FME.here"]) {
      expect(await answer("GET", `/projects/${reference}`)).toEqual([200, project]);
    }
  });

  test.each(["0", "-1", "1e3", "99999999999999999999", "987654", "no%2Fsuch", "%2F", "%ff"])(
    "%s is not found",
    async (reference) => {
      expect(await answer("GET", `/projects/${reference}`)).toEqual([404, { message: "404 Project Not Found" }]);
      expect(await answer("GET", `/projects/${reference}/jobs`)).toEqual([404, { message: "404 Project Not Found" }]);
    },
  );

  test("changes in what is given and in nothing else", async () => {
    const project = await createProject({ description: "old", build_timeout: 60 });
    const body = { description: "new", visibility: "internal", path: project["path"] };
    const changed = { ...project, description: "new", visibility: "internal" };
    expect(await answer("PUT", `/projects/${project.id}`, { body })).toEqual([200, changed]);
    expect(await answer("GET", `/projects/${project.id}`)).toEqual([200, changed]);
  });

  test("keeps its path for good", async () => {
    const { id } = await createProject();
    const refused = [400, { error: "path is fixed once the project is created" }];
    expect(await answer("PUT", `/projects/${id}`, { body: { path: "elsewhere" } })).toEqual(refused);
  });

  test("gets a new runners_token, and the old one is good no more", async () => {
    const project = await createProject();
    const path = `/projects/${project.id}/runners/reset_registration_token`;
    const reset = await entity(201, "POST", path);
    expect(reset).toEqual({ token: expect.any(String), token_expires_at: null });
    expect(reset["token"]).not.toBe(project["runners_token"]);
    expect(await entity(200, "GET", `/projects/${project.id}`)).toMatchObject({ runners_token: reset["token"] });
    expect(await projectStub(env, project.id).checkToken(1)).toMatchObject({ ok: false });
  });

  test("is gone as soon as it is deleted, with its builds and their objects after its alarm", async () => {
    const project = await createProject({ path: "group/doomed" });
    const job = await createJob(project.id);
    await createJob(project.id);
    const claimed = await claim(await registerRunner(project.id));
    const { key } = await storeArchive(claimed, "zip");
    await finish(claimed);

    expect(await answer("DELETE", `/projects/${project.id}`)).toEqual([202, { message: "202 Accepted" }]);
    expect((await consumer("GET", `/projects/${project.id}`)).status).toBe(404);
    expect((await consumer("GET", `/projects/${project.id}/jobs/${job.id}`)).status).toBe(404);
    expect((await consumer("DELETE", `/projects/${project.id}`)).status).toBe(404);
    expect((await created({ path: "group/doomed" }))[0]).toBe(201);

    await runDurableObjectAlarm(projectStub(env, project.id));
    expect(await env.ARTIFACTS.head(key)).toBeNull();
    expect(await env.BUILDS.getByName(String(job.id)).summary()).toMatchObject({ ok: false });
    expect(await directoryStub(env).find(project.id)).toMatchObject({ ok: false });
  });
});

describe("the list of projects", () => {
  const idsOf = async (response: Response) => (await response.json<{ id: number }[]>()).map(({ id }) => id);

  test("comes in pages, newest first, with GitLab's headers and links without the token", async () => {
    const ids: number[] = [];
    for (const name of ["a", "b", "c"]) ids.push((await createProject({ path: `paged/${name}` })).id);
    const response = await consumer("GET", "/projects?search=PAGED&per_page=2&private_token=test-admin-token");
    expect(await idsOf(response)).toEqual([ids[2], ids[1]]);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-page": "1",
      "x-per-page": "2",
      "x-next-page": "2",
      "x-prev-page": "",
      "x-total": "3",
      "x-total-pages": "2",
    });
    const link = response.headers.get("Link") ?? "";
    expect(link).toContain(`<${ORIGIN}/api/v4/projects?search=PAGED&per_page=2&page=2>; rel="next"`);
    expect(link).not.toContain("token");
    const second = await consumer("GET", "/projects?search=paged&per_page=2&page=2");
    expect(await idsOf(second)).toEqual([ids[0]]);
    expect(second.headers.get("X-Next-Page")).toBe("");
    const upwards = await consumer("GET", "/projects?search=paged&order_by=id&sort=asc");
    expect(await idsOf(upwards)).toEqual(ids);
  });

  test("is empty on a page beyond its end, however far", async () => {
    for (const page of [1000, 9_007_199_254_740_991]) {
      expect(await answer("GET", `/projects?page=${page}`)).toEqual([200, []]);
    }
  });

  test.each([
    ["sort=up", "sort does not have a valid value"],
    ["order_by=stars", "order_by does not have a valid value"],
  ])("refuses %s", async (query, error) => {
    expect(await answer("GET", `/projects?${query}`)).toEqual([400, { error }]);
  });
});
