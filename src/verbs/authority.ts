/**
 * Who speaks, by the token alone. A forged token is refused here, before any object is called; a genuine one names the
 * object to ask, so no object is ever called for an id that a stranger made up.
 */
import type { Access } from "../builds/access.ts";
import { settingsOf, tokenKeys } from "../settings.ts";
import { NOBODY } from "../core/principal.ts";
import type { Principal } from "../core/principal.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import { sameSecret } from "../core/tokens.ts";
import type { TokenClaims } from "../core/tokens.ts";
import type { BuildSummary } from "../core/build/summary.ts";
import { buildStub, projectStub } from "../stubs.ts";
import type { RunnerToken } from "../queue/runners.ts";
import { retrying } from "./call.ts";
import { concerns, currentRequest } from "../http/request-log.ts";

export const claimsOf = (env: Env, token: string | null): TokenClaims | null => {
  const claims = token === null ? null : tokenKeys(env).verify(token);
  if (claims?.kind === "runner") concerns({ runner: claims.id });
  return claims;
};

/** A runner's token; whether that runner is still there, its queue knows. */
export const runnerOf = (env: Env, token: string | null): Outcome<RunnerToken> => {
  const claims = claimsOf(env, token);
  if (claims?.kind !== "runner" || token === null) return refuse({ reason: "forbidden" });
  return accept({ id: claims.id, epoch: claims.epoch, isOld: tokenKeys(env).isOld(token) });
};

/** What a token lets its holder do with a build. */
export type Authorize = (env: Env, token: string | null, buildId: number | null) => Promise<Outcome<Access>>;

/** The token of the build's own attempt. A token of another build opens nothing. */
export const accessOfAttempt: Authorize = async (env, token, buildId) => {
  const claims = claimsOf(env, token);
  return claims?.kind === "build" && claims.id === buildId
    ? accept({ by: "attempt", attempt: claims.attempt, requestId: currentRequest() })
    : refuse({ reason: "forbidden" });
};

/** The token of the build's own attempt, or its project's `runners_token`. */
export const accessTo: Authorize = async (env, token, buildId) => {
  const ofAttempt = await accessOfAttempt(env, token, buildId);
  if (ofAttempt.ok) return ofAttempt;
  const claims = claimsOf(env, token);
  if (claims?.kind !== "project") return refuse({ reason: "forbidden" });
  if (buildId === null) return refuse({ reason: "not_found", what: "build" });
  const good = await retrying(async () => projectStub(env, claims.id).checkTokenFor(claims.epoch, buildId));
  return good.ok ? accept({ by: "project", projectId: claims.id, requestId: currentRequest() }) : good;
};

/** The build whose attempt has this token, while a runner has it. Errors: `forbidden`, `stale_token`, `not_running`. */
export const holderOf = async (env: Env, token: string | null): Promise<Outcome<BuildSummary>> => {
  const claims = claimsOf(env, token);
  if (claims?.kind !== "build") return refuse({ reason: "forbidden" });
  return retrying(async () => buildStub(env, claims.id).holder(claims.attempt));
};

/** The same as who asks: nobody, unless the token is that of a build that a runner has. */
export const jobOf = async (env: Env, token: string | null): Promise<Principal> => {
  const build = await holderOf(env, token);
  if (!build.ok) return NOBODY;
  const { id: buildId, projectId, user } = build.value;
  return { kind: "job", buildId, projectId, user };
};

/** What a registration token registers for: one project, or null for the whole instance. */
export const registrarOf = async (env: Env, token: string): Promise<Outcome<number | null>> => {
  if (sameSecret(token, settingsOf(env).registrationToken)) return accept(null);
  const claims = claimsOf(env, token);
  if (claims?.kind !== "project") return refuse({ reason: "forbidden" });
  const good = await retrying(async () => projectStub(env, claims.id).checkToken(claims.epoch));
  return good.ok ? accept(claims.id) : good;
};
