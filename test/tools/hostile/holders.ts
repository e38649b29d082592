/** Whose token each route takes. */
import type { Route } from "./request.ts";
import type { World } from "./world.ts";

/**
 * `registrar`: the instance's registration token, or a project's. `build`: the one that the path names, `job`: any.
 * `project job`: any of the project that the path names, and the administrator.
 */
type Holder = "registrar" | "runner" | "build" | "job" | "project job" | "admin";

/** All others are the administrator's, and one is anybody's. */
const HOLDERS: Readonly<Record<string, Holder>> = {
  "POST /ci/api/v1/runners/register": "registrar",
  "DELETE /ci/api/v1/runners/delete": "runner",
  "POST /ci/api/v1/builds/register": "runner",
  "PUT /ci/api/v1/builds/:id": "runner",
  "PATCH /ci/api/v1/builds/:id/trace.txt": "build",
  "POST /ci/api/v1/builds/:id/artifacts/authorize": "build",
  "POST /ci/api/v1/builds/:id/artifacts": "build",
  "GET /ci/api/v1/builds/:id/artifacts": "build",
  "DELETE /ci/api/v1/builds/:id/artifacts": "build",
  "POST /api/v4/runners": "registrar",
  "DELETE /api/v4/runners": "runner",
  "POST /api/v4/runners/verify": "runner",
  "DELETE /api/v4/runners/managers": "runner",
  "POST /api/v4/runners/reset_authentication_token": "runner",
  "GET /api/v4/runners/router/discovery": "runner",
  "POST /api/v4/jobs/request": "runner",
  "PUT /api/v4/jobs/:id": "build",
  "PATCH /api/v4/jobs/:id/trace": "build",
  "POST /api/v4/jobs/:id/artifacts/authorize": "build",
  "POST /api/v4/jobs/:id/artifacts": "build",
  "GET /api/v4/jobs/:id/artifacts": "build",
  "GET /api/v4/job": "job",
  "GET /api/v4/projects/:id/jobs": "project job",
  "GET /api/v4/projects/:id/jobs/:job_id/artifacts": "project job",
  "GET /api/v4/projects/:id/jobs/:job_id/artifacts/:artifact_path": "project job",
  "GET /api/v4/projects/:id/jobs/artifacts/:archive": "project job",
};

const holderOf = ({ method, path }: Route): Holder =>
  HOLDERS[`${method === "HEAD" ? "GET" : method} ${path}`] ?? "admin";

/** The routes named here that there are none of: each is a route that was renamed. */
export const staleHolders = (routes: readonly Route[]): string[] => {
  const known = new Set(routes.map(({ method, path }) => `${method} ${path}`));
  return Object.keys(HOLDERS).filter((name) => !known.has(name));
};

/** Genuine tokens that are good for something, but not here. */
export const misplaced = (route: Route, ids: readonly string[], { tokens, mine }: World): string[] => {
  const { admin, registration, project, runner, build, download } = tokens;
  switch (holderOf(route)) {
    case "registrar":
      return [admin, runner, build, download];
    case "runner":
      return [admin, registration, project, build, download];
    case "job":
      return [admin, registration, project, runner, download];
    case "build": {
      const isMine = ids.includes(String(mine.build.id));
      const others = [admin, registration, runner, ...(isMine ? [] : [build, download])];
      // To the legacy dialect a project's is good for the project's builds, to today's it is none of a job.
      return route.path.startsWith("/ci/") ? others : [...others, project, download];
    }
    case "project job": {
      const isMine = [String(mine.project.id), encodeURIComponent(mine.project.path)].includes(ids[0] ?? "");
      return [registration, project, runner, download, ...(isMine ? [] : [build])];
    }
    case "admin":
      return [registration, project, runner, build, download];
  }
};

/** The token that a route takes, in all the places where it may stand. */
export const asker = (route: Route, { tokens }: World) => {
  const as = (token: string, ...names: string[]) => ({
    token,
    query: `token=${token}`,
    headers: names.map((name): [string, string] => [name, token]),
  });
  switch (holderOf(route)) {
    case "registrar":
      return as(tokens.registration, "RUNNER-TOKEN");
    case "runner":
      return as(tokens.runner, "RUNNER-TOKEN");
    case "build":
    case "job":
      return as(tokens.build, "BUILD-TOKEN", "JOB-TOKEN");
    case "project job":
    case "admin":
      return { ...as(tokens.admin, "PRIVATE-TOKEN"), query: "" };
  }
};
