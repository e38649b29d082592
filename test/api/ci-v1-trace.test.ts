import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { ADMINISTRATOR } from "../../src/core/principal.ts";
import { buildStub } from "../../src/stubs.ts";
import { legacy, newProject, patch, runnersToken, runningBuild } from "../tools/clients/legacy-api.ts";

const storedTrace = async (buildId: number): Promise<string> => {
  const piece = await buildStub(env, buildId).readTrace(0, 1_000_000);
  if (!piece.ok) throw new Error(piece.refusal.reason);
  return new TextDecoder().decode(piece.value.bytes);
};

const said = (response: Response) => ({
  status: response.status,
  range: response.headers.get("Range"),
  build: response.headers.get("Build-Status"),
});

describe("PATCH builds/:id/trace.txt", () => {
  test("appends at byte offsets, answers a wrong one with the true length, and takes an empty patch as a sign of life", async () => {
    const { runner, build } = await runningBuild();
    expect(said(await patch(build, 0, "hello"))).toEqual({ status: 202, range: "0-5", build: "running" });
    expect(said(await patch(build, 5, ""))).toEqual({ status: 202, range: "0-5", build: "running" });
    expect(said(await patch(build, 3, "xx"))).toMatchObject({ status: 416, range: "0-5" });
    const openEnd = await legacy("PATCH", `/builds/${build.id}/trace.txt`, {
      headers: { "BUILD-TOKEN": build.token, "Content-Range": "5-999" },
      body: " you",
    });
    expect(said(openEnd)).toMatchObject({ status: 202, range: "0-9" });
    expect(await runner.update(build.id, "running", "new")).toBe(200);
    expect(await storedTrace(build.id)).toBe("new");
    expect(said(await patch(build, 3, "!"))).toMatchObject({ status: 202, range: "0-4" });
  });

  test("counts bytes, not characters", async () => {
    const { build } = await runningBuild();
    expect(said(await patch(build, 0, "é"))).toMatchObject({ status: 202, range: "0-2" });
    expect(said(await patch(build, 1, "x"))).toMatchObject({ status: 416, range: "0-2" });
  });

  test("needs a Content-Range", async () => {
    const { build } = await runningBuild();
    const response = await legacy("PATCH", `/builds/${build.id}/trace.txt`, {
      headers: { "BUILD-TOKEN": build.token },
      body: "x",
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: "400 Missing header Content-Range" });
  });

  test("takes the build's token as a parameter, and the project's runners_token in its place", async () => {
    const { project, build } = await runningBuild();
    const byParameter = await legacy("PATCH", `/builds/${build.id}/trace.txt?token=${build.token}`, {
      headers: { "Content-Range": "0-1" },
      body: "a",
    });
    expect(byParameter.status).toBe(202);
    expect((await patch(build, 1, "b", await runnersToken(project))).status).toBe(202);
    expect((await patch(build, 2, "c", await runnersToken(await newProject()))).status).toBe(404);
  });

  test("stores nothing more once the build is finished, and says how it ended", async () => {
    const { runner, build } = await runningBuild();
    await patch(build, 0, "hello");
    expect(await runner.update(build.id, "success")).toBe(200);
    expect(said(await patch(build, 5, " more"))).toEqual({ status: 202, range: "0-5", build: "success" });
    expect(await storedTrace(build.id)).toBe("hello");
  });

  test("carries a cancel to the runner, whose last report is then not found", async () => {
    const { runner, build } = await runningBuild();
    await buildStub(env, build.id).cancel(ADMINISTRATOR, false);
    expect(said(await patch(build, 0, "hello"))).toEqual({ status: 202, range: "0-0", build: "canceled" });
    expect(await runner.update(build.id, "failed", "hello")).toBe(404);
  });
});
