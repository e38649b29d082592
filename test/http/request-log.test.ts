import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ADMINISTRATOR } from "../../src/core/principal.ts";
import { projectStub } from "../../src/stubs.ts";
import { file, upload } from "../tools/clients/legacy-artifacts.ts";
import {
  call,
  claim,
  enqueue,
  legacy,
  newProject,
  newRunner,
  patch,
  runnersToken,
} from "../tools/clients/legacy-api.ts";
import { ROUTES } from "../tools/clients/legacy-routes.ts";
import { captureLog } from "../tools/objects/log.ts";
import { specOf } from "../tools/objects/spec.ts";

const ADMIN = { "PRIVATE-TOKEN": "test-admin-token" };

let log: ReturnType<typeof captureLog>;
beforeEach(() => void (log = captureLog()));
afterEach(() => log.restore());

/** The last request's line. */
const line = () => log.of("request").at(-1);

/** A running build and its runner, by requests alone. */
const running = async () => {
  const project = await newProject();
  const id = await enqueue(project);
  const runner = await newRunner(project);
  const build = await claim(runner);
  const runnerId = Number(log.of("build_changed").find(({ what }) => what === "claim")?.["runner"]);
  return { project, id, runner, build, runnerId };
};

describe("a request", () => {
  test("is one line that names its build, runner, outcome and duration", async () => {
    const { id, runner, build, runnerId } = await running();
    expect(line()).toEqual({
      event: "request",
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      method: "POST",
      route: "/ci/api/v1/builds/register",
      status: 201,
      outcome: "ok",
      build: id,
      runner: runnerId,
      duration_ms: expect.any(Number),
    });
    const before = log.of("request").length;
    await patch(build, 0, "hello.");
    expect(line()).toMatchObject({
      route: "/ci/api/v1/builds/:id/trace.txt",
      build: id,
      runner: runnerId,
      status: 202,
    });
    await upload(build, [file("archive")]);
    expect(line()).toMatchObject({
      route: "/ci/api/v1/builds/:id/artifacts",
      build: id,
      runner: runnerId,
      status: 201,
    });
    await runner.update(build.id, "success");
    expect(line()).toMatchObject({ route: "/ci/api/v1/builds/:id", build: id, runner: runnerId, status: 200 });
    await runner.poll();
    expect(line()).toMatchObject({ runner: runnerId, build: null, status: 204, outcome: "nothing" });
    expect(log.of("request")).toHaveLength(before + 4);
  });

  test("that is refused says why", async () => {
    const { id, build } = await running();
    await patch(build, 7, "far off");
    expect(line()).toMatchObject({ build: id, status: 416, outcome: "range_mismatch" });
    await patch(build, 0, "forged", "x".repeat(40));
    expect(line()).toMatchObject({ build: id, status: 403, outcome: "forbidden", runner: null });
    await call("GET", "/api/v4/runners/7/jobs");
    expect(line()).toMatchObject({ route: "/api/v4/runners/:id/jobs", status: 401, outcome: "unauthenticated" });
    await call("GET", "/api/v4/projects/1234567", { headers: ADMIN });
    expect(line()).toMatchObject({ route: "/api/v4/projects/:id", status: 404, outcome: "not_found" });
    await call("GET", "/nowhere/at/all");
    expect(line()).toMatchObject({ route: "none", status: 404, outcome: "refused" });
  });

  test("that fails says what was thrown, and its id is in the answer", async () => {
    const project = await newProject();
    vi.spyOn(env.PROJECTS, "getByName").mockImplementationOnce(() => {
      throw new Error("no such luck");
    });
    const response = await call("GET", `/api/v4/projects/${project.id}`, { headers: ADMIN });
    expect(response.status).toBe(500);
    expect(line()).toMatchObject({
      request_id: response.headers.get("X-Request-Id"),
      outcome: "failed",
      error: "Error: no such luck",
    });
  });
});

describe("a change of a build", () => {
  test("names the request that made it, and how long the build was as before", async () => {
    const { project, id, runner } = await running();
    const claimed = log.of("request").at(-1)?.["request_id"];
    await runner.update(id, "failed");
    const reported = log.of("request").at(-1)?.["request_id"];
    const retry = await call("POST", `/api/v4/projects/${project.id}/jobs/${id}/retry`, { headers: ADMIN });
    const { id: next } = await retry.json<{ id: number }>();
    const retried = retry.headers.get("X-Request-Id");
    await call("POST", `/api/v4/projects/${project.id}/jobs/${next}/cancel`, {
      headers: { ...ADMIN, "X-Request-Id": "cancel-it" },
    });
    expect(log.of("build_changed").map(({ build, what, from, to, request_id }) => [build, what, from, to, request_id]))
      // In the order in which they happened.
      .toEqual([
        [id, "enqueue", "created", "pending", null],
        [id, "claim", "pending", "running", claimed],
        [id, "fail", "running", "failed", reported],
        [id, "retry", "failed", "failed", retried],
        [next, "enqueue", "created", "pending", retried],
        [next, "cancel", "pending", "canceled", "cancel-it"],
      ]);
    for (const change of log.of("build_changed")) expect(change["after_ms"]).toBeGreaterThanOrEqual(0);
    expect(log.of("build_changed")[2]).toMatchObject({ failure_reason: "unknown_failure", project: project.id });
  });
});

test("no secret is ever logged, wherever a client puts it", async () => {
  const { project, runner, build } = await running();
  const variable = "the-value-of-a-secret-variable";
  await projectStub(env, project.id).createBuild(
    ADMINISTRATOR,
    specOf({ variables: [{ key: "KEY", value: variable, public: false, file: false, masked: true, raw: false }] }),
    null,
  );
  const secrets = {
    project: await runnersToken(project),
    runner: runner.token,
    build: build.token,
    registration: "test-registration-token",
    admin: "test-admin-token",
    signing: "test-token-secret",
    variable,
  };
  for (const { holder, ask } of ROUTES) {
    for (const secret of [...Object.values(secrets), secrets[holder]]) {
      await ask(build.id, secret);
      await ask(encodeURIComponent(secret), secret);
    }
  }
  for (const secret of Object.values(secrets)) {
    await legacy("PATCH", `/builds/${build.id}/trace.txt?token=${secret}`, { body: secret });
    await call("GET", `/api/v4/projects/${secret}/jobs?private_token=${secret}`, {
      headers: { Authorization: secret },
    });
    await call("POST", "/api/v4/projects", { headers: ADMIN, json: { name: secret, token: secret } });
    await call("GET", `/${secret}`, { headers: { Authorization: `Bearer ${secret}` } });
    await call("POST", `/api/v4/projects/${project.id}/jobs`, { headers: ADMIN, body: secret });
    await call("GET", `/-/metrics?private_token=${secret}`);
  }
  expect(log.of("request").length).toBeGreaterThan(100);
  for (const [kind, secret] of Object.entries(secrets)) expect(log.text().includes(secret), kind).toBe(false);
});
