import { describe, expect, it } from "vitest";
import { defectsOf } from "../tools/wire/go-payload.ts";
import { dependencies, payloadOf } from "../tools/wire/job-payload.ts";

describe("the schema catches what real runners can't decode", () => {
  const payload = payloadOf({
    dependencies,
    spec: { image: { name: "x" }, services: [{ name: "y" }], artifacts: { paths: ["a"] }, cache: [{ key: "k" }] },
  });

  it.each<[path: string, wrong: unknown]>([
    ["id", "42"],
    ["token", null],
    ["allow_git_fetch", "true"],
    ["job_info.project_id", 1.5],
    ["job_info.time_in_queue_seconds", "2.5"],
    ["job_info.project_jobs_running_on_instance_runners_count", 3],
    ["job_info.queue_size", undefined],
    ["git_info.refspecs", "+refs/heads/*:refs/remotes/origin/*"],
    ["git_info.depth", "20"],
    ["git_info.protected", "false"],
    ["git_info.repo_object_format", null],
    ["runner_info.timeout", 3600.5],
    ["runner_info.uuid", 5],
    ["variables.0.value", 1],
    ["variables.0.masked", 0],
    ["variables", { CI: "true" }],
    ["steps.0.script", "echo"],
    ["steps.0.name", "build"],
    ["steps.0.timeout", "3600"],
    ["image", "x"],
    ["image.entrypoint", "/bin/sh"],
    ["image.pull_policy", "always"],
    ["image.executor_opts", { docker: { privileged: true } }],
    ["services", ["y"]],
    ["services.0.variables", { A: "1" }],
    ["services.0.ports", [80]],
    ["artifacts", {}],
    ["artifacts.0.expire_in", 3600],
    ["artifacts.0.artifact_format", "tar"],
    ["cache", { key: "k" }],
    ["cache.0.fallback_keys", "k"],
    ["dependencies.0.id", "7"],
    ["dependencies.0.artifacts_file.size", "7"],
    ["features.failure_reasons", true],
    ["features.token_mask_prefixes", "glpat-"],
    ["hooks", { pre_get_sources_script: ["x"] }],
    ["run", null],
    ["run", []],
    ["secrets", []],
    ["image.executor_opts", []],
    ["job_info", []],
  ])("%s: %j", (path, wrong) => {
    const broken = structuredClone(payload) as object;
    const keys = path.split(".");
    const last = keys.pop() ?? "";
    const parent = keys.reduce((at, key) => (at as Record<string, object>)[key] ?? {}, broken);
    (parent as Record<string, unknown>)[last] = wrong;
    expect(defectsOf(broken).map((defect) => defect.slice(0, path.length))).toContain(path);
  });

  it("run beside a script", () => {
    expect(defectsOf({ ...payload, run: "[]" })).toEqual(["run and script"]);
  });
});
