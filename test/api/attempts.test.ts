/** What a runner, or a token, may still do when the build has moved on. */
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { buildStub } from "../../src/stubs.ts";
import {
  call,
  claim,
  enqueue,
  legacy,
  newProject,
  newRunner,
  patch,
  runningBuild,
  summaryOf,
  traceText,
} from "../tools/clients/legacy-api.ts";

test("a failure of an attempt that the same runner has lost doesn't end the attempt that it runs now", async () => {
  const project = await newProject();
  const runner = await newRunner(project);
  await enqueue(project);
  const lost = await claim(runner);
  await buildStub(env, lost.id).release(1);
  const current = await claim(runner);
  expect(current.id).toBe(lost.id);

  expect((await patch(lost, 0, "late")).status).toBe(403);
  expect((await patch(current, 0, "second attempt\n")).status).toBe(202);
  expect(await runner.update(lost.id, "failed", "first attempt, aborted\n")).toBe(404);
  expect((await summaryOf(lost.id)).status).toBe("running");
  expect(await runner.update(current.id, "failed", "second attempt\nexit 1\n")).toBe(200);
  expect(await traceText(current.id)).toBe("second attempt\nexit 1\n");
});

test("a runners_token that was reset after the build was made is masked as well", async () => {
  const project = await newProject();
  await enqueue(project);
  const reset = await call("POST", `/api/v4/projects/${project.id}/runners/reset_registration_token`, {
    headers: { "PRIVATE-TOKEN": "test-admin-token" },
  });
  const { token } = await reset.json<{ token: string }>();
  const runner = await newRunner({ ...project, tokenEpoch: project.tokenEpoch + 1 });
  const build = await claim(runner);
  await patch(build, 0, `the token is ${token}.\n`);
  expect(await traceText(build.id)).toBe(`the token is ${"x".repeat(token.length)}.\n`);
});

test("values of masked variables are masked, though legacy runners print them", async () => {
  const masked = { public: false, masked: true, file: false, raw: false };
  const { build } = await runningBuild({ variables: [{ key: "SECRET", value: "hunter2secret", ...masked }] });
  await patch(build, 0, "secret is hunter2");
  await patch(build, 17, "secret.\n");
  expect(await traceText(build.id)).toBe(`secret is ${"x".repeat(13)}.\n`);
});

test("a patch that is too large is refused, and is a sign of life all the same", async () => {
  const { build } = await runningBuild();
  const refused = await legacy("PATCH", `/builds/${build.id}/trace.txt`, {
    headers: { "BUILD-TOKEN": build.token, "Content-Range": "0-20000000", "Content-Length": "20000000" },
    body: "x",
  });
  expect(refused.status).toBe(413);
  // Its claim has been confirmed: the queue can't take it back any more.
  await buildStub(env, build.id).release(1);
  expect((await summaryOf(build.id)).status).toBe("running");
});

test("a long log of an attempt that the same runner has lost is not stored as that of the one that it runs now", async () => {
  const project = await newProject();
  const runner = await newRunner(project);
  await enqueue(project);
  const lost = await claim(runner);
  await buildStub(env, lost.id).release(1);
  await patch(await claim(runner), 0, "second attempt\n");

  const long = `first attempt\n${"x".repeat(10_000_000)}`;
  expect(await runner.update(lost.id, "failed", long)).toBe(404);
  expect(await traceText(lost.id)).toBe("second attempt\n");
});
