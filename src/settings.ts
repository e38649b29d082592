/** The Worker's settings: read from its environment and validated once per isolate, with an error that names the variable. */
import { version } from "../package.json";
import type { Limits } from "./core/build/deadlines.ts";
import { TokenKeys } from "./core/tokens.ts";

/** What signs addresses under which R2 itself hands out objects. */
export interface R2Credentials {
  readonly accountId: string;
  readonly bucketName: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface Settings {
  readonly adminToken: string;
  readonly registrationToken: string;
  readonly tokenSecret: string;
  readonly tokenSecretPrevious: string | null;
  readonly limits: Limits;
  readonly longPollMs: number;
  readonly maxArtifactBytes: number;
  readonly maxTraceBytes: number;
  /** Null: finished builds are kept. */
  readonly retentionMs: number | null;
  /** Null: the Worker streams all downloads itself. */
  readonly r2: R2Credentials | null;
  /** What all links begin with, without a slash at its end. Null: links begin with the origin of the request. */
  readonly publicUrl: string | null;
  /** Host names in lower case that are answered beside those of this machine. Null: any Host is. */
  readonly allowedHosts: readonly string[] | null;
}

/** The GitLab whose API this is like: clients and scripts compare its number to know what they may ask for. */
const GITLAB_VERSION = "19.0.0";

/** Version and revision that `GET /api/v4/version` and the predefined variables tell: GitLab's form, with ours behind it. */
export const VERSION = `${GITLAB_VERSION}-signalbox.${version}`;
export const REVISION = "signalbox";

const SECOND = 1000;
const DAY = 86_400 * SECOND;

class SettingError extends Error {}

type NumberName =
  | "CLAIM_LEASE_SECONDS"
  | "STUCK_AFTER_SECONDS"
  | "PENDING_LIMIT_SECONDS"
  | "CANCELING_LIMIT_SECONDS"
  | "LONG_POLL_SECONDS"
  | "MAX_ARTIFACT_BYTES"
  | "MAX_TRACE_BYTES"
  | "RETENTION_DAYS";

const number = (env: Env, name: NumberName, fallback: number, least: number, most: number): number => {
  const text = String(env[name] ?? "").trim();
  if (text === "") return fallback;
  const value = Number(text);
  if (!Number.isFinite(value) || value < least || value > most) {
    throw new SettingError(`${name} must be a number from ${least} to ${most}, not "${text}"`);
  }
  return value;
};

/** Each script that a runner runs holds a token, by which the secret behind it can be guessed without asking the server. */
const LEAST_SECRET_CHARACTERS = 16;
/** The one fixed secret of `npm start` (scripts/local-settings.ts) that is shorter; good with `SIGNALBOX_DEV_SECRETS=1` alone. */
const DEVELOPMENT_ADMIN_TOKEN = "dev-admin-token";

type SecretName = "ADMIN_TOKEN" | "REGISTRATION_TOKEN" | "TOKEN_SECRET" | "TOKEN_SECRET_PREVIOUS";

const optionalSecret = (env: Env, name: SecretName): string | null => {
  const value = env[name];
  if (!value) return null;
  const isFixed = name === "ADMIN_TOKEN" && value === DEVELOPMENT_ADMIN_TOKEN && env.SIGNALBOX_DEV_SECRETS === "1";
  if (value.length >= LEAST_SECRET_CHARACTERS || isFixed) return value;
  throw new SettingError(`the secret ${name} must have at least ${LEAST_SECRET_CHARACTERS} characters`);
};

const secret = (env: Env, name: SecretName): string => {
  const value = optionalSecret(env, name);
  if (value === null) throw new SettingError(`the secret ${name} is not set: npx wrangler secret put ${name}`);
  return value;
};

const R2_NAMES = ["R2_ACCOUNT_ID", "R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY"] as const;

/** All of them or none: half of a set of credentials is a mistake that must not go unnoticed. */
const r2Credentials = (env: Env): R2Credentials | null => {
  const missing = R2_NAMES.filter((name) => !env[name]);
  if (missing.length === R2_NAMES.length) return null;
  if (missing.length > 0) throw new SettingError(`for direct downloads ${missing.join(" and ")} must be set as well`);
  const [accountId = "", accessKeyId = "", secretAccessKey = ""] = R2_NAMES.map((name) => env[name]);
  return { accountId, accessKeyId, secretAccessKey, bucketName: env.R2_BUCKET_NAME || "signalbox-artifacts" };
};

const publicUrl = (env: Env): string | null => {
  const text = (env.PUBLIC_URL ?? "").trim();
  if (text === "") return null;
  const url = URL.parse(text);
  const isPlain = url !== null && url.search === "" && url.hash === "" && url.username === "" && url.password === "";
  if (isPlain && /^https?:$/.test(url.protocol)) return `${url.origin}${url.pathname}`.replace(/\/$/, "");
  throw new SettingError(`PUBLIC_URL must be an address like https://ci.example.com, not "${text}"`);
};

/** A name, an IPv4 address, or an IPv6 address in brackets, as they stand in a Host. */
const HOST_NAME = /^(?:[a-z0-9._-]{1,255}|\[[0-9a-f:.]{2,45}\])$/;

const allowedHosts = (env: Env): readonly string[] | null => {
  if (env.ALLOWED_HOSTS === undefined) return null;
  const names = env.ALLOWED_HOSTS.toLowerCase()
    .split(/[,\s]/)
    .filter((name) => name !== "");
  const wrong = names.find((name) => !HOST_NAME.test(name));
  if (wrong === undefined) return names;
  throw new SettingError(
    `ALLOWED_HOSTS must be host names without ports, with commas between them; "${wrong}" is none`,
  );
};

const YEAR_SECONDS = 366 * 86_400;
/** R2 takes 10,000 parts, and an upload's have 8 MiB (artifacts/sink.ts). */
const MOST_ARTIFACT_BYTES = 10_000 * 8 * 1024 * 1024;
/** A build's object stores 10 GB, of which a trace in many small pieces takes more than its bytes. */
const MOST_TRACE_BYTES = 8_000_000_000;

const validated = (env: Env): Settings => ({
  adminToken: secret(env, "ADMIN_TOKEN"),
  registrationToken: secret(env, "REGISTRATION_TOKEN"),
  tokenSecret: secret(env, "TOKEN_SECRET"),
  tokenSecretPrevious: optionalSecret(env, "TOKEN_SECRET_PREVIOUS"),
  limits: {
    claimLeaseMs: number(env, "CLAIM_LEASE_SECONDS", 120, 1, YEAR_SECONDS) * SECOND,
    stuckAfterMs: number(env, "STUCK_AFTER_SECONDS", 600, 1, YEAR_SECONDS) * SECOND,
    pendingLimitMs: number(env, "PENDING_LIMIT_SECONDS", 86_400, 1, YEAR_SECONDS) * SECOND,
    cancelingLimitMs: number(env, "CANCELING_LIMIT_SECONDS", 300, 1, YEAR_SECONDS) * SECOND,
  },
  // Runners and the front of Cloudflare's network both give up on an answer after ten minutes and less.
  longPollMs: number(env, "LONG_POLL_SECONDS", 50, 0, 300) * SECOND,
  maxArtifactBytes: number(env, "MAX_ARTIFACT_BYTES", 99_000_000, 1, MOST_ARTIFACT_BYTES),
  maxTraceBytes: number(env, "MAX_TRACE_BYTES", 104_857_600, 1, MOST_TRACE_BYTES),
  retentionMs: number(env, "RETENTION_DAYS", 90, 0, 36_500) * DAY || null,
  r2: r2Credentials(env),
  publicUrl: publicUrl(env),
  allowedHosts: allowedHosts(env),
});

export type SettingsResult =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problem: string };

const results = new WeakMap<Env, SettingsResult>();

/** The settings of this environment, or what is wrong with them (`problem` names the variable, never a value of a secret). */
export const readSettings = (env: Env): SettingsResult => {
  const known = results.get(env);
  if (known !== undefined) return known;
  let result: SettingsResult;
  try {
    result = { ok: true, settings: validated(env) };
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    result = { ok: false, problem: error.message };
  }
  results.set(env, result);
  return result;
};

/** For objects, which the Worker only calls when its settings are good. */
export const settingsOf = (env: Env): Settings => {
  const result = readSettings(env);
  if (!result.ok) throw new Error(result.problem);
  return result.settings;
};

const keys = new WeakMap<Env, TokenKeys>();

/** The keys that sign and verify this deployment's tokens. */
export const tokenKeys = (env: Env): TokenKeys => {
  const known = keys.get(env);
  if (known !== undefined) return known;
  const { tokenSecret, tokenSecretPrevious } = settingsOf(env);
  const made = TokenKeys.from(tokenSecret, tokenSecretPrevious ?? undefined);
  keys.set(env, made);
  return made;
};
