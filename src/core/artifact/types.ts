import { accept, refuse } from "../refusal.ts";
import type { Outcome } from "../refusal.ts";

export type ArtifactFormat = "zip" | "gzip" | "raw";

/** A report that a build may ask for: how its runner sends it, and what the file is called that it makes of it. */
export interface ReportType {
  readonly format: ArtifactFormat;
  readonly filename: string;
}

const ofFormat = (format: ArtifactFormat, filenames: Readonly<Record<string, string>>): [string, ReportType][] =>
  Object.entries(filenames).map(([type, filename]) => [type, { format, filename }]);

/** GitLab's, with its names. */
const REPORTS: ReadonlyMap<string, ReportType> = new Map([
  ...ofFormat("gzip", {
    junit: "junit.xml",
    metrics: "metrics.txt",
    dotenv: ".env",
    cobertura: "cobertura-coverage.xml",
    jacoco: "jacoco-coverage.xml",
    cyclonedx: "gl-sbom.cdx.json",
    annotations: "gl-annotations.json",
    repository_xray: "gl-repository-xray.json",
  }),
  ...ofFormat("zip", { lsif: "lsif.json", scip: "index.scip" }),
  ...ofFormat("raw", {
    sast: "gl-sast-report.json",
    secret_detection: "gl-secret-detection-report.json",
    dependency_scanning: "gl-dependency-scanning-report.json",
    container_scanning: "gl-container-scanning-report.json",
    cluster_image_scanning: "gl-cluster-image-scanning-report.json",
    dast: "gl-dast-report.json",
    license_scanning: "gl-license-scanning-report.json",
    accessibility: "gl-accessibility.json",
    codequality: "gl-code-quality-report.json",
    performance: "performance.json",
    browser_performance: "browser-performance.json",
    load_performance: "load-performance.json",
    terraform: "tfplan.json",
    requirements: "requirements.json",
    requirements_v2: "requirements_v2.json",
    coverage_fuzzing: "gl-coverage-fuzzing.json",
    api_fuzzing: "gl-api-fuzzing-report.json",
    sarif: "gl-sarif-report.json",
  }),
]);

/** What no build asks for, but a runner may send: its archive, and what it has measured by itself. */
const OTHERS: ReadonlyMap<string, ArtifactFormat> = new Map([
  ["archive", "zip"],
  ["metadata", "gzip"],
  ["metrics_referee", "gzip"],
  ["network_referee", "gzip"],
]);

/** Null for what is no type of report. */
export const reportType = (type: string): ReportType | null => REPORTS.get(type) ?? null;

export interface ArtifactKind {
  readonly type: string;
  readonly format: ArtifactFormat;
}

/**
 * What an upload says that it is; without a type it is the archive, without a format a zip, so that a report that needs
 * another must say it. A trace is no upload. Errors: `invalid` for a type that isn't GitLab's, or a format that isn't the
 * type's.
 */
export const artifactKind = (askedType: string | null, askedFormat: string | null): Outcome<ArtifactKind> => {
  const type = askedType ?? "archive";
  const format = REPORTS.get(type)?.format ?? OTHERS.get(type);
  if (format === undefined) {
    return refuse({ reason: "invalid", field: "artifact_type", message: "does not have a valid value" });
  }
  if (format === (askedFormat ?? "zip")) return accept({ type, format });
  return refuse({ reason: "invalid", field: "artifact_format", message: `of ${type} must be ${format}` });
};
