import { describe, expect, test } from "vitest";
import { pathBy } from "../../src/http/path.ts";

const route = (method: string, path: string) => ({ basePath: "", handler: () => undefined, method, path });

const pathOf = pathBy(() => [
  route("ALL", "/*"),
  route("GET", "/projects"),
  route("GET", "/projects/:id"),
  route("PUT", "/jobs/:job_id{[0-9]+}"),
  route("PATCH", "/builds/:id/trace.txt"),
  route("GET", "/jobs/:id/artifacts"),
  route("POST", "/jobs/:id/artifacts/keep"),
  route("GET", "/jobs/:id/artifacts/:path{.+}"),
  route("GET", "/variables/:key"),
]);

const asked = (method: string, path: string): string => pathOf(new Request(`https://ci.test${path}`, { method }));

describe(".json at the end of a path", () => {
  test.each([
    ["GET", "/projects.json", "/projects"],
    ["HEAD", "/projects.json", "/projects"],
    ["GET", "/projects.json?page=2", "/projects"],
    ["GET", "/projects/17.json", "/projects/17"],
    ["PUT", "/jobs/17.json", "/jobs/17"],
    ["PATCH", "/builds/3/trace.txt.json", "/builds/3/trace.txt"],
    ["GET", "/jobs/3/artifacts.json", "/jobs/3/artifacts"],
  ])("is dropped after a fixed word or a number: %s %s", (method, path, routed) => {
    expect(asked(method, path)).toBe(routed);
  });

  test.each([
    ["GET", "/jobs/3/artifacts/coverage.json"],
    ["GET", "/jobs/3/artifacts/keep.json"],
    ["GET", "/jobs/3/artifacts/reports/17.json"],
    ["GET", "/projects/root%2Fsite.json"],
    ["GET", "/variables/17.json"],
    ["GET", "/nothing.json"],
    ["GET", "/projects.json.json"],
    ["GET", "/.json"],
  ])("belongs to what the caller named: %s %s", (method, path) => {
    expect(asked(method, path)).toBe(path);
  });
});

test.each([
  ["/projects/", "/projects"],
  ["/projects///", "/projects"],
  ["/", "/"],
  ["///", "/"],
  ["//projects", "//projects"],
])("of the slashes at the end of %s nothing counts", (path, routed) => {
  expect(asked("GET", path)).toBe(routed);
});

test("what is no address has a path that no route takes", () => {
  expect(pathOf({ url: "http://localhost:123456789/projects", method: "GET" } as Request)).toBe("*");
});
