/** Claimed builds of all kinds, and the payloads of their jobs. */
import { presentJob } from "../../../src/api/runner-v4/present.ts";
import { newBuild } from "../../../src/core/build/build.ts";
import type { ClaimedBuild, ClaimedDependency, QueueFigures } from "../../../src/core/build/claimed.ts";
import { DEFAULT_RUNNER_SETTINGS } from "../../../src/core/runner/runner.ts";
import type { Runner } from "../../../src/core/runner/runner.ts";
import type { BuildSpec, ProjectSnapshot } from "../../../src/core/build/spec.ts";
import { summarize } from "../../../src/core/build/summary.ts";
import type { ArtifactSummary, BuildSummary } from "../../../src/core/build/summary.ts";
import { defectsOf } from "./go-payload.ts";
import type { JobPayload } from "./go-payload.ts";
import { specOf } from "../objects/spec.ts";

export const QUEUED_MS = Date.UTC(2026, 10, 25, 12);
export const ORIGIN = "https://ci.example";

const project: ProjectSnapshot = {
  id: 3,
  name: "My App",
  description: "all of it",
  path: "team/web/my-app",
  configPath: null,
  defaultBranch: "main",
  visibility: "private",
  repoUrl: "https://user:pw@git.example/app.git",
  gitDepth: 20,
  serverUrl: null,
  tokenEpoch: 1,
};

export const runner: Runner = {
  ...DEFAULT_RUNNER_SETTINGS,
  id: 5,
  epoch: 1,
  tokenPrefix: "",
  projects: null,
  info: {},
  createdAtMs: 0,
  contactedAtMs: null,
  tags: ["linux", `a"b`],
};

const figures: QueueFigures = { queueSize: 9, queueDepth: 2, projectRunningOnInstanceRunners: null };

const archive: ArtifactSummary = {
  type: "archive",
  format: "zip",
  filename: "out.zip",
  sizeBytes: 7,
  expiresAtMs: null,
};
const junit: ArtifactSummary = { ...archive, type: "junit", format: "gzip", filename: "junit.xml.gz" };

const summaryOf = (id: number, spec: BuildSpec, change: Partial<BuildSummary> = {}): BuildSummary => {
  const build = newBuild({ id, projectId: 3, pipelineId: 8 }, spec.timeoutSeconds, QUEUED_MS - 1000);
  const started = { status: "running", queuedAtMs: QUEUED_MS, startedAtMs: QUEUED_MS + 2500 } as const;
  return { ...summarize({ ...build, ...started }, spec, []), ...change };
};

const dependencyOf = (
  id: number,
  artifacts: ArtifactSummary[],
  variables: ClaimedDependency["variables"] = [],
): ClaimedDependency => ({
  build: summaryOf(id, specOf({ name: `dependency ${id}` }), { artifacts }),
  downloadToken: `download-${id}`,
  variables,
  lost: null,
});

export interface Case {
  /** The runner announces `raw_variables`; it does, unless told otherwise. */
  readonly knowsRaw?: boolean;
  readonly spec?: Partial<BuildSpec>;
  readonly summary?: Partial<BuildSummary>;
  readonly project?: Partial<ProjectSnapshot>;
  readonly runner?: Partial<Runner>;
  readonly figures?: Partial<QueueFigures>;
  readonly dependencies?: readonly ClaimedDependency[];
}

export const claimedOf = (given: Case): ClaimedBuild => {
  const spec = specOf(given.spec);
  return {
    summary: summaryOf(42, spec, given.summary),
    token: "the-build-token",
    spec,
    project: { ...project, ...given.project },
    dependencies: given.dependencies ?? [],
  };
};

/** As it comes off the wire, and as real runners can decode it. */
export const payloadOf = (given: Case = {}): JobPayload => {
  const asked = { ...runner, ...given.runner };
  const job = presentJob(
    claimedOf(given),
    asked,
    { ...figures, ...given.figures },
    ORIGIN,
    given.knowsRaw ?? true,
    QUEUED_MS + 4000,
  );
  const payload = JSON.parse(JSON.stringify(job)) as JobPayload;
  const defects = defectsOf(payload);
  if (defects.length > 0) throw new Error(`no runner could read ${defects.join(", ")}`);
  return payload;
};

/** One with an archive, one without. */
export const dependencies = [
  dependencyOf(7, [junit, archive], [{ key: "VERSION", value: "1.2 $X" }]),
  dependencyOf(8, [junit], [{ key: "VERSION", value: "1.3" }]),
];
