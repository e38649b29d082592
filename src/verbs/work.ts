/** A runner asks for work, reports on it and streams its trace, whatever dialect it speaks. */
import { log } from "../log.ts";
import type { Access } from "../builds/access.ts";
import type { Patched, Report, ReportContext } from "../builds/runner-calls.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import type { PollAnswer, PollRequest } from "../queue/polls.ts";
import { buildStub, queueStub } from "../stubs.ts";
import { isBug, isOverload, retrying } from "./call.ts";
import { concerns, currentRequest, endsWith } from "../http/request-log.ts";
import { runnerOf } from "./authority.ts";

/** So long is an overloaded queue left alone. */
const OVERLOAD_SECONDS = 5;

/** Ours look like this; what else a client may send is nothing for a header. */
const CURSOR = /^[\w-]{1,64}$/;

export interface WorkRequest extends Omit<PollRequest, "token" | "requestId"> {
  readonly token: string | null;
}

/** Errors: `forbidden`, `stale_token`, `paused`, `unavailable`. */
export const requestWork = async (env: Env, request: WorkRequest): Promise<Outcome<PollAnswer>> => {
  const runner = runnerOf(env, request.token);
  if (!runner.ok) return runner;
  try {
    const answer = await queueStub(env).poll({ ...request, token: runner.value, requestId: currentRequest() });
    if (!answer.ok) return answer;
    if (answer.value.kind === "work") concerns({ build: answer.value.build.summary.id });
    else endsWith("nothing");
    return answer;
  } catch (error) {
    if (isOverload(error)) return refuse({ reason: "unavailable", retryAfterSeconds: OVERLOAD_SECONDS });
    if (isBug(error)) throw error;
    // The queue's object broke under the poll, by a deploy or an eviction: it has found nothing, and will be asked again.
    // Should it have claimed a build for us in its last moment, that build comes back by its lease.
    const request_id = currentRequest();
    log("warn", "poll_broken", { request_id, runner: runner.value.id, error: String(error) });
    endsWith("nothing");
    return accept({ kind: "nothing", cursor: CURSOR.test(request.cursor ?? "") ? (request.cursor ?? "") : "" });
  }
};

/** May this runner speak of this build? Errors: `forbidden`, `stale_token`, `not_found` for one that isn't its own. */
export const accessOfRunner = async (
  env: Env,
  token: string | null,
  buildId: number | null,
): Promise<Outcome<Access>> => {
  const runner = runnerOf(env, token);
  if (!runner.ok) return runner;
  // The queue is asked even for what can't be a build's id: it knows whether the runner is still there.
  const found = await retrying(async () => queueStub(env).findRunnerBuild(runner.value, buildId ?? 0));
  return found.ok ? accept({ by: "runner", runnerId: runner.value.id, requestId: currentRequest() }) : found;
};

/**
 * `log`, the whole trace, replaces what is stored; `sum` is what it must be like. A report may be repeated, so a broken call
 * is, unless its log was a stream: then the runner repeats all of it.
 */
export const reportBuild = async (
  env: Env,
  access: Access,
  buildId: number,
  report: Report,
  context: ReportContext,
): Promise<Outcome<Patched>> => {
  const call = async () => buildStub(env, buildId).report(access, report, context);
  const reported = await (context.log instanceof ReadableStream ? call() : retrying(call));
  if (reported.ok) concerns({ runner: reported.value.runnerId });
  return reported;
};

/** A patch that is too large is refused, but its runner lives: the build must not fail for silence. */
export const noteContact = async (env: Env, access: Access, buildId: number): Promise<Outcome<null>> =>
  retrying(async () => buildStub(env, buildId).contact(access));

/**
 * Not repeated when the call breaks: it may have been stored. The runner sends the patch again then, and is told by 416
 * where to go on. `start` is null when the request didn't say.
 */
export const appendTrace = async (
  env: Env,
  access: Access,
  buildId: number,
  start: number | null,
  bytes: Uint8Array,
): Promise<Outcome<Patched>> => {
  const patched = await buildStub(env, buildId).append(access, start, bytes);
  if (patched.ok) concerns({ runner: patched.value.runnerId });
  return patched;
};
