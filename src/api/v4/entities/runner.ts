/** Runners as GitLab's v4 writes them. */
import type { Project } from "../../../core/project.ts";
import { runnerStatus, runnerType } from "../../../core/runner/filter.ts";
import { isRecent } from "../../../core/runner/runner.ts";
import type { MachineSummary, RunnerSummary } from "../../../core/runner/runner.ts";
import { projectIdentity } from "./project.ts";
import { isoTime, isoTimeOrNull } from "./time.ts";

export const runnerEntity = (runner: RunnerSummary, nowMs: number) => ({
  id: runner.id,
  description: runner.description,
  ip_address: null,
  active: !runner.paused,
  paused: runner.paused,
  is_shared: runner.projects === null,
  runner_type: runnerType(runner),
  name: runner.info.name ?? null,
  online: runner.online,
  status: runnerStatus(runner, nowMs),
  created_at: isoTime(runner.createdAtMs),
  created_by: null,
  job_execution_status: runner.running > 0 ? "active" : "idle",
});

export const runnerDetails = (runner: RunnerSummary, projects: readonly Project[], origin: string, nowMs: number) => ({
  ...runnerEntity(runner, nowMs),
  tag_list: runner.tags,
  run_untagged: runner.runUntagged,
  locked: runner.locked,
  maximum_timeout: runner.maximumTimeoutSeconds,
  access_level: runner.accessLevel,
  version: runner.info.version ?? null,
  revision: runner.info.revision ?? null,
  platform: runner.info.platform ?? null,
  architecture: runner.info.architecture ?? null,
  contacted_at: isoTimeOrNull(runner.contactedAtMs),
  maintenance_note: runner.maintenanceNote === "" ? null : runner.maintenanceNote,
  projects: projects.map((project) => projectIdentity(project, origin)),
  groups: [],
});

/** A machine is forgotten before it could be stale. */
export const managerEntity = (manager: MachineSummary, nowMs: number) => ({
  id: manager.id,
  system_id: manager.systemId,
  version: manager.info.version ?? null,
  revision: manager.info.revision ?? null,
  platform: manager.info.platform ?? null,
  architecture: manager.info.architecture ?? null,
  created_at: isoTime(manager.createdAtMs),
  contacted_at: isoTime(manager.contactedAtMs),
  ip_address: manager.ipAddress,
  status: isRecent(manager.contactedAtMs, nowMs) ? "online" : "offline",
  job_execution_status: manager.running > 0 ? "active" : "idle",
});
