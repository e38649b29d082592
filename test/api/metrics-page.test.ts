import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { metricsStub } from "../../src/stubs.ts";
import { call, claim, enqueue, newProject, newRunner, patch, runningBuild } from "../tools/clients/legacy-api.ts";
import { parsePage } from "../tools/server/prometheus.ts";

const ADMIN = { "PRIVATE-TOKEN": "test-admin-token" };

/** Every sample of the page by its name and labels. */
const samples = async (): Promise<Map<string, number>> => {
  const response = await call("GET", "/-/metrics", { headers: ADMIN });
  expect([response.status, response.headers.get("Content-Type")]).toEqual([
    200,
    "text/plain; version=0.0.4; charset=utf-8",
  ]);
  return new Map([...parsePage(await response.text()).values()].flatMap((family) => [...family.samples]));
};

/** What `body` adds to a sample. */
const added = async (name: string, body: () => Promise<unknown>): Promise<number> => {
  const before = (await samples()).get(name) ?? 0;
  await body();
  return ((await samples()).get(name) ?? 0) - before;
};

describe("the page", () => {
  test.each([{}, { "PRIVATE-TOKEN": "wrong" }, { Authorization: "Bearer test-registration-token" }])(
    "is not for %j, and wakes nobody",
    async (headers) => {
      const response = await call("GET", "/-/metrics", { headers });
      expect([response.status, await response.json()]).toEqual([401, { message: "401 Unauthorized" }]);
      expect(await listDurableObjectIds(env.QUEUES)).toEqual([]);
    },
  );

  test("is for the administrator's token, also as a bearer", async () => {
    const headers = { Authorization: "Bearer test-admin-token" };
    expect((await call("GET", "/-/metrics", { headers })).status).toBe(200);
  });

  test("has each metric before anything has happened", async () => {
    const response = await call("GET", "/-/metrics", { headers: ADMIN });
    expect([...parsePage(await response.text())].map(([name, { type }]) => `${type} ${name}`)).toEqual([
      "gauge signalbox_builds",
      "gauge signalbox_pending_builds",
      "gauge signalbox_oldest_pending_build_age_seconds",
      "histogram signalbox_claim_wait_seconds",
      "counter signalbox_finished_builds_total",
      "counter signalbox_lost_claims_total",
      "gauge signalbox_runners",
      "gauge signalbox_runners_with_old_token",
      "gauge signalbox_held_polls",
      "gauge signalbox_outbox_messages",
      "counter signalbox_http_errors_total",
    ]);
  });

  test("follows builds from queue to end", async () => {
    const project = await newProject();
    const tag = 'a "quoted" \\ tag';
    await enqueue(project, { tags: [tag] });
    expect((await samples()).get('signalbox_pending_builds{tags="a \\"quoted\\" \\\\ tag"}')).toBe(1);
    const runner = await newRunner(project, { tags: [tag] });
    const before = await samples();
    const build = await claim(runner);
    const running = await samples();
    expect(running.get('signalbox_builds{state="pending"}')).toBe(
      (before.get('signalbox_builds{state="pending"}') ?? 0) - 1,
    );
    expect(running.get('signalbox_builds{state="running"}')).toBe(
      (before.get('signalbox_builds{state="running"}') ?? 0) + 1,
    );
    expect(running.get("signalbox_claim_wait_seconds_count")).toBe(
      (before.get("signalbox_claim_wait_seconds_count") ?? 0) + 1,
    );
    expect(running.get('signalbox_runners{state="online"}')).toBeGreaterThan(0);
    const finished = 'signalbox_finished_builds_total{status="success",reason=""}';
    expect(await added(finished, () => runner.update(build.id, "success"))).toBe(1);
  });
});

describe("errors", () => {
  test("are counted by route, method and status", async () => {
    const { build } = await runningBuild();
    const mismatch = 'signalbox_http_errors_total{route="/ci/api/v1/builds/:id/trace.txt",method="PATCH",status="416"}';
    expect(
      await added(mismatch, async () => {
        await patch(build, 5, "far off");
        await patch(build, 5, "far off");
        await patch(build, 0, "good.");
      }),
    ).toBe(2);
    const nowhere = 'signalbox_http_errors_total{route="none",method="GET",status="404"}';
    expect(await added(nowhere, () => call("GET", `/${crypto.randomUUID()}`))).toBe(1);
    const failed = 'signalbox_http_errors_total{route="/api/v4/runners",method="GET",status="500"}';
    const queue = vi.spyOn(env.QUEUES, "getByName");
    expect(
      await added(failed, async () => {
        queue.mockImplementationOnce(() => {
          throw new Error("away");
        });
        expect((await call("GET", "/api/v4/runners", { headers: ADMIN })).status).toBe(500);
      }),
    ).toBe(1);
  });

  test("are told by the isolate itself after a few seconds", async () => {
    const path = "/api/v4/user";
    const toldSoFar = async () =>
      (await metricsStub(env).watched()).errors.find(({ route, status }) => route === path && status === 401)?.count ??
      0;
    const before = await toldSoFar();
    await call("GET", path);
    expect(await toldSoFar()).toBe(before);
    await vi.waitUntil(async () => (await toldSoFar()) === before + 1, { timeout: 10_000, interval: 200 });
  }, 15_000);
});
