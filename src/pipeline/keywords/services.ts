import type { ImageSpec } from "../../core/build/spec.ts";
import { isHash, isList } from "../value.ts";
import { checkImageKeys, IMAGE_KEYS, imageOf, named } from "./image.ts";
import { nestedTexts } from "./list.ts";
import { attribute, defined, entry, type Reader } from "./reader.ts";
import { text } from "./scalar.ts";
import { textVariables } from "./variables.ts";

const KEYS = ["command", "alias", "variables", ...IMAGE_KEYS];

/** One of `services`: a name, or a hash that also has `alias` (one or more names), `command` and `variables` of its own. */
const service: Reader<ImageSpec> = (value, at) => {
  if (typeof value === "string") return named(value, at);
  if (!isHash(value)) return at.invalid("should be a hash or a string");
  checkImageKeys(value, at, KEYS);
  const image = imageOf(value, at);
  const more = defined({
    alias: attribute(value, "alias", at, text),
    command: entry(value, "command", at, nestedTexts),
    variables: entry(value, "variables", at, textVariables)?.map(({ key, value: text }) => ({ key, value: text })),
  });
  return image === undefined ? undefined : { ...image, ...more };
};

/** `services`: a list. A null in it is left out, as in GitLab. */
export const services: Reader<readonly ImageSpec[]> = (value, at) => {
  if (!isList(value)) return at.invalid("should be an array");
  return value.flatMap((item) => (item === null ? [] : (service(item, at.at("service")) ?? [])));
};
