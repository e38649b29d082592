/** What a trace must not show. */
import { tokenKeys } from "../settings.ts";
import type { Build } from "../core/build/build.ts";
import type { BuildSpec, ProjectSnapshot } from "../core/build/spec.ts";
import { DEFAULT_QUEUE } from "../stubs.ts";

/** A `runners_token` that is reset while the build is there is masked as well, so many times. */
const LATER_EPOCHS = 5;

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
  const encoder = new TextEncoder();
  return [...tokens, ...values].map((secret) => encoder.encode(secret));
};

/** GitLab's rule: a short value would take half of the log with it, and one of several lines never stands in one piece. */
const isMaskable = (value: string): boolean => value.length >= 8 && !value.includes("\n");

const count = (length: number, from: number): number[] => Array.from({ length }, (_, index) => from + index);
