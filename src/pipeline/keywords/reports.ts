import { reportType } from "../../core/artifact/types.ts";
import { hashOf } from "./known-keys.ts";
import { textOrTexts } from "./list.ts";
import { attribute, entry, type Reader } from "./reader.ts";
import { filledText, oneOf } from "./scalar.ts";

/** GitLab's, in its order. */
const TYPES = `
  junit codequality sast secret_detection dependency_scanning container_scanning dast performance
  browser_performance load_performance license_scanning metrics lsif scip dotenv terraform
  accessibility coverage_fuzzing api_fuzzing cluster_image_scanning requirements requirements_v2
  cyclonedx annotations repository_xray sarif
`
  .trim()
  .split(/\s+/)
  .filter((type) => reportType(type) !== null);

const COVERAGE_FORMATS = ["cobertura", "jacoco"] as const;

/** `coverage_report`: read as a report of its format. */
const coverageReport: Reader<readonly [format: string, paths: readonly string[]]> = hashOf(
  ["coverage_format", "path"],
  (hash, at) => {
    const known = `must be one of supported formats: ${COVERAGE_FORMATS.join(", ")}.`;
    if (!hash.has("coverage_format")) at.attribute("coverage_format").invalid(`can't be blank`);
    if (!hash.has("path")) at.attribute("path").invalid("can't be blank");
    const format = attribute(hash, "coverage_format", at, oneOf(COVERAGE_FORMATS, known));
    const path = attribute(hash, "path", at, filledText);
    return format === undefined || path === undefined ? undefined : [format, [path]];
  },
);

/** `artifacts:reports`: paths by type. */
export const reports: Reader<Readonly<Record<string, readonly string[]>>> = hashOf(
  [...TYPES, "coverage_report"],
  (hash, at) => {
    const coverage = entry(hash, "coverage_report", at, coverageReport);
    const others = TYPES.flatMap((type): [string, readonly string[]][] => {
      const paths = attribute(hash, type, at, textOrTexts);
      return paths === undefined ? [] : [[type, paths]];
    });
    return Object.fromEntries(coverage === undefined ? others : [...others, coverage]);
  },
);
