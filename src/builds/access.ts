/** Who speaks to a build on its runner's side, as the Worker has authenticated it. */
import { isHeld } from "../core/build/build.ts";
import type { Build } from "../core/build/build.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";

export type Access =
  /** By the token of an attempt. */
  (
    | { readonly by: "attempt"; readonly attempt: number }
    /** By the token of the runner; the queue has found the build among that runner's. */
    | { readonly by: "runner"; readonly runnerId: number }
    /** By the project's `runners_token`. */
    | { readonly by: "project"; readonly projectId: number }
  ) & {
    /** For the log alone. */
    readonly requestId?: string | undefined;
  };

/** The build, if `access` is good for it now. A token of an attempt that was given up is stale from that moment on. */
export const admit = (build: Build | null, access: Access): Outcome<Build> => {
  // A genuine token of an attempt proves that the build was there: it was removed with its project, or long finished.
  if (build === null) {
    return refuse(access.by === "attempt" ? { reason: "project_deleted" } : { reason: "not_found", what: "build" });
  }
  switch (access.by) {
    case "attempt":
      return build.attempt === access.attempt && build.claim !== null
        ? accept(build)
        : refuse({ reason: "stale_token" });
    case "runner":
      return build.claim?.runner.id === access.runnerId
        ? accept(build)
        : refuse({ reason: "not_running", status: build.status });
    case "project":
      return build.projectId === access.projectId ? accept(build) : refuse({ reason: "not_found", what: "build" });
  }
};

/** May `access` write to the build? A finished one is read only. */
export const admitHeld = (build: Build | null, access: Access): Outcome<Build> => {
  const admitted = admit(build, access);
  if (!admitted.ok) return admitted;
  const { status, erasedAtMs } = admitted.value;
  if (erasedAtMs !== null) return refuse({ reason: "erased", status });
  return isHeld(admitted.value) ? admitted : refuse({ reason: "not_running", status });
};

/**
 * May `access` download what the build has? After its end its own token opens nothing, but that of a legacy runner: as in
 * GitLab 8 it goes on to open the build's own archive.
 */
export const admitReader = (build: Build | null, access: Access): Outcome<Build> => {
  const admitted = admit(build, access);
  if (!admitted.ok || access.by !== "attempt" || isHeld(admitted.value)) return admitted;
  const { runner } = admitted.value.claim ?? {};
  const isLegacy = runner?.legacy ?? runner?.manager === null;
  return isLegacy ? admitted : refuse({ reason: "not_running", status: admitted.value.status });
};

/** May `access` delete what the build has? The project's token always; that of an attempt while a runner holds the build. */
export const admitDeleter = (build: Build | null, access: Access): Outcome<Build> =>
  access.by === "attempt" ? admitHeld(build, access) : admit(build, access);
