/**
 * What GitLab has under `/api/v4` and Signalbox doesn't. Clients print the message of an answer: without a word on this their
 * users look for a wrong project name.
 */
import type { FrontContext } from "../../http/front.ts";

/** By the first part of the path below a project. */
const OF_PROJECTS: Readonly<Record<string, string>> = {
  access_tokens: "project access tokens",
  audit_events: "audit events",
  badges: "badges",
  boards: "issues",
  ci: "the linting of pipeline files",
  cluster_agents: "Kubernetes agents",
  deploy_keys: "deploy keys",
  deploy_tokens: "deploy tokens",
  deployments: "deployments",
  events: "events",
  feature_flags: "feature flags",
  fork: "forks",
  forks: "forks",
  freeze_periods: "freeze periods",
  hooks: "webhooks",
  integrations: "integrations",
  invitations: "members",
  issues: "issues",
  job_token_scope: "a scope of job tokens: a job's token is good for its own project",
  labels: "labels",
  members: "members",
  milestones: "milestones",
  packages: "a package registry",
  pages: "GitLab Pages",
  pipeline: "pipelines",
  pipeline_schedules: "pipeline schedules",
  pipelines: "pipelines",
  protected_branches: "protected branches",
  protected_environments: "protected environments",
  protected_tags: "protected tags",
  ref: "pipeline triggers",
  registry: "a container registry",
  releases: "releases",
  remote_mirrors: "mirrors",
  repository: "this part of the repository API: repositories are on other hosts",
  resource_groups: "resource groups",
  secure_files: "secure files",
  services: "integrations",
  share: "groups",
  snippets: "snippets",
  statuses: "commit statuses",
  terraform: "Terraform state",
  transfer: "groups",
  trigger: "pipeline triggers",
  triggers: "pipeline triggers",
  uploads: "uploads",
  users: "users of a project",
  variables: "project variables",
  wikis: "wikis",
};

/** By the first part of any other path. */
const OF_INSTANCE: Readonly<Record<string, string>> = {
  admin: "instance-wide administration by API: settings are the environment's",
  application: "instance-wide administration by API: settings are the environment's",
  broadcast_messages: "broadcast messages",
  ci: "the linting of pipeline files",
  deploy_keys: "deploy keys",
  deploy_tokens: "deploy tokens",
  events: "events",
  features: "feature flags",
  geo_nodes: "Geo",
  groups: "groups: they are no more than the first part of a project's path",
  hooks: "webhooks",
  issues: "issues",
  job: "this part of the job API",
  keys: "SSH keys",
  merge_requests: "merge requests",
  namespaces: "groups: they are no more than the first part of a project's path",
  packages: "a package registry",
  pages: "GitLab Pages",
  personal_access_tokens: "personal access tokens",
  registry: "a container registry",
  search: "a search: use /projects?search=",
  sidekiq: "Sidekiq",
  snippets: "snippets",
  templates: "templates",
  todos: "to-do items",
  topics: "a list of topics",
  user: "this part of the user API",
  users: "users: there is one, the administrator",
};

const featureAt = (path: string): string | null => {
  if (path === "/api/graphql") return "GraphQL";
  const [, first = "", , third = ""] = /^\/api\/v4\/([^/]+)(\/[^/]+(?:\/([^/]+))?)?/.exec(path) ?? [];
  const [table, name] = first === "projects" ? [OF_PROJECTS, third] : [OF_INSTANCE, first];
  return Object.hasOwn(table, name) ? (table[name] ?? null) : null;
};

/** The answer for a path of GitLab's that there is no route for; null for a path that GitLab doesn't have either. */
export const absentFeature = (context: FrontContext): Response | null => {
  const feature = featureAt(context.req.path);
  return feature === null ? null : context.json({ message: `404 Not Found - Signalbox doesn't have ${feature}` }, 404);
};
