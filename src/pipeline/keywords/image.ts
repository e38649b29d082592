import type { ImageSpec } from "../../core/build/spec.ts";
import type { Place } from "../problem.ts";
import { isHash, type Hash, isGiven } from "../value.ts";
import { dockerOptions, kubernetesOptions } from "./executor-options.ts";
import { checkKeys } from "./known-keys.ts";
import { texts } from "./list.ts";
import { pullPolicy } from "./pull-policy.ts";
import { attribute, defined, entry, type Reader } from "./reader.ts";
import { filledText, text } from "./scalar.ts";

/** Keys that images and services share. `ports` is for GitLab's web terminals and refused in jobs. */
export const IMAGE_KEYS = ["name", "entrypoint", "docker", "kubernetes", "pull_policy"];

/** `image`: a name, or a hash with a name. Variables in it are expanded by the runner. */
export const image: Reader<ImageSpec> = (value, at) => {
  if (typeof value === "string") return named(value, at);
  if (!isHash(value)) return at.invalid("should be a hash or a string");
  checkImageKeys(value, at, IMAGE_KEYS);
  return imageOf(value, at);
};

/** An image that is written as its name alone. */
export const named: Reader<ImageSpec> = (value, at) => {
  const name = filledText(value, at.attribute("name"));
  return name === undefined ? undefined : { name };
};

export const checkImageKeys = (hash: Hash, at: Place, known: readonly string[]): void => {
  if (isGiven(hash, "ports")) at.invalid("contains disallowed keys: ports");
  checkKeys(hash, at, [...known, "ports"]);
};

export const imageOf = (hash: Hash, at: Place): ImageSpec | undefined => {
  const options = defined({
    entrypoint: attribute(hash, "entrypoint", at, texts),
    pullPolicy: entry(hash, "pull_policy", at, pullPolicy),
    docker: entry(hash, "docker", at, dockerOptions),
    kubernetes: entry(hash, "kubernetes", at, kubernetesOptions),
  });
  const name = isGiven(hash, "name") ? attribute(hash, "name", at, filledText) : text("", at.attribute("name"));
  if (name === "") return at.attribute("name").invalid("can't be blank");
  return name === undefined ? undefined : { name, ...options };
};
