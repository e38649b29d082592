/**
 * The secrets that `npm start` hands to its Worker: made once for each state directory and kept there, or the fixed ones.
 * What the environment gives wins over both; start.ts sees to that.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { DEVELOPMENT_SECRETS } from "./local-settings.ts";

export type SecretName = keyof typeof DEVELOPMENT_SECRETS;

export type Secrets = Readonly<Record<SecretName, string>>;

const NAMES = Object.keys(DEVELOPMENT_SECRETS) as SecretName[];

/** Lines of `NAME=value`, so that a shell can read them too. */
export const secretsFile = (stateDir: string): string => join(stateDir, "secrets.env");

const made = (): Secrets => ({
  ADMIN_TOKEN: newSecret(),
  REGISTRATION_TOKEN: newSecret(),
  TOKEN_SECRET: newSecret(),
});

const newSecret = (): string => randomBytes(24).toString("base64url");

/**
 * Signalbox 0.1.0 had the fixed secrets alone and wrote no file. With another `TOKEN_SECRET` all tokens of its runners and
 * jobs would be refused, so that one stays, unless the environment gives the one that signed them.
 */
const keptOf010 = (stateDir: string, isSecretGiven: boolean): Partial<Secrets> =>
  existsSync(join(stateDir, "v3")) && !isSecretGiven ? { TOKEN_SECRET: DEVELOPMENT_SECRETS.TOKEN_SECRET } : {};

const write = (path: string, secrets: Secrets): void => {
  const lines = NAMES.map((name) => `${name}=${secrets[name]}\n`);
  // Renamed when it is whole: half of a file would be taken for one of which lines were deleted.
  writeFileSync(`${path}.new`, lines.join(""), { mode: 0o600 });
  renameSync(`${path}.new`, path);
};

/**
 * The secrets of this state; those that its file lacks are made and written to it. `isSecretGiven`: the environment has a
 * `TOKEN_SECRET`. Throws when the file can't be read or written.
 */
export const ownSecrets = (stateDir: string, isSecretGiven: boolean): Secrets => {
  const path = secretsFile(stateDir);
  const known: Readonly<Record<string, string | undefined>> = existsSync(path)
    ? parseEnv(readFileSync(path, "utf8"))
    : keptOf010(stateDir, isSecretGiven);
  if (NAMES.every((name) => known[name])) return known as Secrets;
  const fresh = made();
  const secrets = Object.fromEntries(NAMES.map((name) => [name, known[name] || fresh[name]])) as Secrets;
  write(path, secrets);
  return secrets;
};
