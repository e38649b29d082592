import type { PullPolicy } from "../../core/build/spec.ts";
import { textOrTexts } from "./list.ts";
import type { Reader } from "./reader.ts";

const POLICIES: readonly PullPolicy[] = ["always", "never", "if-not-present"];

/** `pull_policy` of an image or a service: one policy, or several that the runner tries in their order. */
export const pullPolicy: Reader<readonly PullPolicy[]> = (value, at) => {
  const asked = textOrTexts(value, at);
  if (asked === undefined) return undefined;
  if (asked.length === 0) return at.invalid("can't be blank");
  const known = asked.flatMap((word) => POLICIES.find((policy) => policy === word) ?? []);
  if (known.length === asked.length) return known;
  if (typeof value === "string") return at.invalid(`should be one of: ${POLICIES.join(", ")}`);
  const unknown = asked.filter((word) => !POLICIES.some((policy) => policy === word));
  return at.invalid(`contains unknown values: ${unknown.join(", ")}`);
};
