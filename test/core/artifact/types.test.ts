import { describe, expect, it } from "vitest";
import { artifactKind, reportType } from "../../../src/core/artifact/types.ts";

/** GitLab's, from protocol.md B.10. */
const FORMATS = {
  gzip: "junit metrics metrics_referee network_referee dotenv cobertura jacoco cyclonedx annotations repository_xray metadata",
  zip: "archive lsif scip",
  raw:
    "sast secret_detection dependency_scanning container_scanning cluster_image_scanning dast license_scanning " +
    "accessibility codequality performance browser_performance load_performance terraform requirements requirements_v2 " +
    "coverage_fuzzing api_fuzzing sarif",
} as const;

const PAIRS = Object.entries(FORMATS).flatMap(([format, types]) => types.split(" ").map((type) => [type, format]));

describe("a type has one format", () => {
  it.each(PAIRS)("%s is %s and nothing else", (type = "", format = "") => {
    expect(artifactKind(type, format)).toEqual({ ok: true, value: { type, format } });
    for (const other of ["zip", "gzip", "raw", "tar"].filter((each) => each !== format)) {
      const refusal = { reason: "invalid", field: "artifact_format", message: `of ${type} must be ${format}` };
      expect(artifactKind(type, other)).toEqual({ ok: false, refusal });
    }
  });
});

describe("what an upload leaves out", () => {
  it.each([
    [null, null, { type: "archive", format: "zip" }],
    ["archive", null, { type: "archive", format: "zip" }],
    [null, "zip", { type: "archive", format: "zip" }],
    ["lsif", null, { type: "lsif", format: "zip" }],
  ])("%s, %s", (type, format, value) => {
    expect(artifactKind(type, format)).toEqual({ ok: true, value });
  });

  it("of a report that is no zip must be said", () => {
    expect(artifactKind("junit", null)).toMatchObject({ ok: false, refusal: { field: "artifact_format" } });
    expect(artifactKind(null, "gzip")).toMatchObject({ ok: false, refusal: { field: "artifact_format" } });
  });
});

it.each(["trace", "", "coverage_report", "JUNIT", "constructor"])("%j is no type of an upload", (type) => {
  const refusal = { reason: "invalid", field: "artifact_type", message: "does not have a valid value" };
  for (const format of ["zip", "gzip", "raw", null]) expect(artifactKind(type, format)).toEqual({ ok: false, refusal });
});

describe("a report's file has the name that GitLab gives it", () => {
  it.each([
    ["junit", "junit.xml"],
    ["dotenv", ".env"],
    ["cobertura", "cobertura-coverage.xml"],
    ["jacoco", "jacoco-coverage.xml"],
    ["codequality", "gl-code-quality-report.json"],
    ["sast", "gl-sast-report.json"],
    ["terraform", "tfplan.json"],
    ["metrics", "metrics.txt"],
    ["requirements_v2", "requirements_v2.json"],
  ])("%s: %s", (type, filename) => {
    expect(reportType(type)?.filename).toBe(filename);
  });

  it.each(["archive", "metadata", "metrics_referee", "network_referee", "trace", "nonsense"])(
    "%s is no report that a build can ask for",
    (type) => {
      expect(reportType(type)).toBeNull();
    },
  );
});
