/** The log's line for each change of a build. */
import { log } from "../log.ts";
import { statusSinceMs } from "../core/build/build.ts";
import type { Build } from "../core/build/build.ts";
import type { BuildEvent } from "../core/build/events.ts";

/** `after_ms`: how long the build had been in the status `from`. */
export const logChange = (event: BuildEvent, before: Build, after: Build, requestId: string | undefined): void => {
  const change = after.history.at(-1);
  log("log", "build_changed", {
    request_id: requestId ?? null,
    build: after.id,
    project: after.projectId,
    what: event.kind,
    from: before.status,
    to: after.status,
    attempt: after.attempt,
    runner: after.claim?.runner.id ?? null,
    after_ms: (change?.atMs ?? 0) - statusSinceMs(before),
    failure_reason: after.failureReason,
    detail: change?.detail ?? null,
  });
};
