/** What a trace must not show. */
import { tokenKeys } from "../settings.ts";
import type { Build } from "../core/build/build.ts";
import type { BuildSpec, ProjectSnapshot } from "../core/build/spec.ts";
import { decoded, urlSecret } from "../core/url-secret.ts";
import { DEFAULT_QUEUE } from "../stubs.ts";

/** Also mask the project's next five `runners_token`s, in case it is reset while the build exists. */
const LATER_EPOCHS = 5;
const MIN_PASSWORD = 4;

/**
 * Everything that a build's trace must not betray: its own tokens and its project's, under each secret that may have
 * signed them, and the values of its masked variables, since legacy runners don't hide those themselves.
 */
export const secretsToMask = (
  env: Env,
  build: Build,
  { spec, project }: { readonly spec: BuildSpec; readonly project: ProjectSnapshot },
): Uint8Array[] => {
  const keys = tokenKeys(env);
  const { id } = project;
  const tokens = [
    ...count(build.attempt, 1).flatMap((attempt) =>
      keys.signWithAll({ kind: "build", queue: DEFAULT_QUEUE, id: build.id, attempt }),
    ),
    ...count(LATER_EPOCHS, project.tokenEpoch).flatMap((epoch) =>
      keys.signWithAll({ kind: "project", queue: DEFAULT_QUEUE, id, epoch }),
    ),
  ];
  const values = spec.variables.filter(({ masked, value }) => masked && isMaskable(value)).map(({ value }) => value);
  const password = urlSecret(project.repoUrl);
  // As it stands in the URL, and as git and scripts print it. A shorter one would take half of the log with it.
  const passwords = password === null || password.length < MIN_PASSWORD ? [] : [password, decoded(password)];
  const encoder = new TextEncoder();
  return [...new Set([...tokens, ...values, ...passwords])].map((secret) => encoder.encode(secret));
};

/** GitLab's rule: a short value would take half of the log with it, and one of several lines never stands in one piece. */
const isMaskable = (value: string): boolean => value.length >= 8 && !value.includes("\n");

const count = (length: number, from: number): number[] => Array.from({ length }, (_, index) => from + index);
