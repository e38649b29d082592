/** Projects as GitLab's v4 writes them. */
import { ADMIN } from "../../../core/principal.ts";
import type { Project } from "../../../core/project.ts";
import { ABSENT_SETTINGS } from "../absent-settings.ts";
import { isoTime } from "./time.ts";

/** GitLab's number for whoever owns a project. */
const OWNER = 50;

/** A repository's address without what stands before its host's `@`: for everybody but runners. */
export const withoutCredentials = (repoUrl: string): string =>
  repoUrl.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, "$1").replace(/^[^/@:]*:[^/@]*@/, "");

const nameParts = (path: string): { group: string; name: string } => {
  const at = path.lastIndexOf("/");
  return { group: path.slice(0, at), name: path.slice(at + 1) };
};

/** What other entities show of a project. */
export const projectIdentity = (project: Project, origin: string) => {
  const { group, name } = nameParts(project.path);
  return {
    id: project.id,
    description: project.description,
    name: project.name,
    name_with_namespace: `${group.replaceAll("/", " / ")} / ${project.name}`,
    path: name,
    path_with_namespace: project.path,
    created_at: isoTime(project.createdAtMs),
    web_url: `${origin}/${project.path}`,
  };
};

/** Groups are no more than a part of the path here: they have no number. */
const namespaceEntity = (group: string, origin: string) => {
  const { name } = nameParts(group);
  return {
    id: 0,
    name,
    path: name,
    kind: "group",
    full_path: group,
    parent_id: null,
    avatar_url: null,
    web_url: `${origin}/${group}`,
  };
};

/** Where it is cloned from; `ssh://…` and `git@host:…` apart from the rest. */
const addresses = (project: Project) => {
  const address = withoutCredentials(project.repoUrl);
  const isSsh = /^(ssh:\/\/|[^/:]+:(?!\/\/))/i.test(address);
  return { ssh_url_to_repo: isSsh ? address : "", http_url_to_repo: isSsh ? "" : address, repo_url: address };
};

/** What `simple=true` asks for. */
export const basicProjectEntity = (project: Project, origin: string) => ({
  ...projectIdentity(project, origin),
  default_branch: project.defaultBranch,
  tag_list: project.topics,
  topics: project.topics,
  ...addresses(project),
  readme_url: null,
  forks_count: 0,
  avatar_url: null,
  star_count: 0,
  last_activity_at: isoTime(project.createdAtMs),
  namespace: namespaceEntity(nameParts(project.path).group, origin),
});

export const projectEntity = (project: Project, origin: string) => {
  const self = `${origin}/api/v4/projects/${project.id}`;
  return {
    ...basicProjectEntity(project, origin),
    ...ABSENT_SETTINGS,
    _links: { self },
    visibility: project.visibility,
    archived: project.archived,
    empty_repo: project.repoUrl === "",
    import_status: "none",
    creator_id: ADMIN.id,
    owner: null,
    permissions: { project_access: { access_level: OWNER, notification_level: 3 }, group_access: null },
    builds_access_level: project.publicJobs ? "enabled" : "private",
    public_jobs: project.publicJobs,
    shared_runners_enabled: project.sharedRunnersEnabled,
    group_runners_enabled: project.groupRunnersEnabled,
    build_timeout: project.buildTimeoutSeconds,
    build_git_strategy: project.gitStrategy,
    build_coverage_regex: project.coverageRegex,
    auto_cancel_pending_pipelines: project.autoCancelPending ? "enabled" : "disabled",
    keep_latest_artifact: project.keepLatestArtifact,
    ci_config_path: project.configPath,
    ci_default_git_depth: project.gitDepth,
  };
};
