import { describe, expect, test, vi } from "vitest";
import { contentOf, download, file, refusalOf, upload } from "../tools/clients/legacy-artifacts.ts";
import {
  claim,
  enqueue,
  legacy,
  newProject,
  newRunner,
  runnersToken,
  runningBuild,
} from "../tools/clients/legacy-api.ts";

describe("a download", () => {
  test("answers ranges and what is already known", async () => {
    const { build } = await runningBuild();
    await upload(build, [file("0123456789")]);
    const whole = await download(build);
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      "content-type": "application/octet-stream",
      "content-transfer-encoding": "binary",
      "content-length": "10",
    });
    const part = await download(build, { Range: "bytes=2-4" });
    expect(part.status).toBe(206);
    expect(part.headers.get("Content-Range")).toBe("bytes 2-4/10");
    expect(await contentOf(part)).toBe("234");
    expect((await download(build, { Range: "bytes=99-" })).status).toBe(416);
    expect((await download(build, { "If-None-Match": whole.headers.get("ETag") ?? "" })).status).toBe(304);
  });

  test("takes the token as a parameter, the project's as well, also after the build's end", async () => {
    const { project, runner, build } = await runningBuild();
    await upload(build, [file("x")]);
    await runner.update(build.id, "success");
    for (const token of [build.token, await runnersToken(project)]) {
      expect((await legacy("GET", `/builds/${build.id}/artifacts?token=${token}`)).status).toBe(200);
    }
  });

  test("of what was never there, has expired or was deleted is 404", async () => {
    const { build } = await runningBuild();
    expect(await refusalOf(await download(build))).toEqual({ status: 404, message: "404 Not Found" });
    await upload(build, [file("x")], { query: "?expire_in=0.001s" });
    await vi.waitUntil(async () => (await download(build)).status === 404);
    await upload(build, [file("x")]);
    const remove = () => legacy("DELETE", `/builds/${build.id}/artifacts`, { json: { token: build.token } });
    expect([(await remove()).status, (await download(build)).status, (await remove()).status]).toEqual([200, 404, 200]);
  });

  test("by a dependant's token works while that build runs, for this build alone, and allows nothing else", async () => {
    const project = await newProject();
    const ids = [await enqueue(project, { name: "a" }), await enqueue(project, { name: "b" })];
    const runner = await newRunner(project);
    const builds = [await claim(runner), await claim(runner)] as const;
    for (const build of builds) await upload(build, [file(build.name)]);
    await enqueue(project, { name: "dependant", dependencies: ids });
    const dependant = await claim(runner);
    const [first, second] = dependant.depends_on_builds;
    if (first === undefined || second === undefined) throw new Error("no dependencies");
    expect(await contentOf(await download(first))).toBe("a");
    expect((await download({ id: second.id, token: first.token })).status).toBe(403);
    expect((await download({ id: first.id, token: dependant.token })).status).toBe(403);
    expect((await upload(builds[0], [file("x")], { token: first.token })).status).toBe(403);
    expect((await legacy("DELETE", `/builds/${first.id}/artifacts?token=${first.token}`)).status).toBe(403);
    await runner.update(dependant.id, "success");
    expect((await download(first)).status).toBe(403);
  });
});
