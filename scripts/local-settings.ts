/** What a server on this machine is started with, besides its port and its state. */

/**
 * For tests, and for `npm start` with `SIGNALBOX_DEV_SECRETS=1`. They are public, so `wrangler deploy` must never see them: a
 * deployment has the secrets that `wrangler secret put` gave it.
 */
export const DEVELOPMENT_SECRETS = {
  ADMIN_TOKEN: "dev-admin-token",
  REGISTRATION_TOKEN: "dev-registration-token",
  TOKEN_SECRET: "dev-token-secret-for-local-use-only",
} as const;

/** Every variable of the Worker that the environment of `npm start` may set. */
export const SETTING_NAMES = [
  "SIGNALBOX_DEV_SECRETS",
  "ALLOWED_HOSTS",
  "PUBLIC_URL",
  "ADMIN_TOKEN",
  "REGISTRATION_TOKEN",
  "TOKEN_SECRET",
  "TOKEN_SECRET_PREVIOUS",
  "CLAIM_LEASE_SECONDS",
  "STUCK_AFTER_SECONDS",
  "PENDING_LIMIT_SECONDS",
  "CANCELING_LIMIT_SECONDS",
  "LONG_POLL_SECONDS",
  "MAX_ARTIFACT_BYTES",
  "MAX_TRACE_BYTES",
  "RETENTION_DAYS",
  "R2_ACCOUNT_ID",
  "R2_ACCESS_KEY_ID",
  "R2_SECRET_ACCESS_KEY",
  "R2_BUCKET_NAME",
] as const;
