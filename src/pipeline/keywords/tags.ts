import { texts } from "./list.ts";
import type { Reader } from "./reader.ts";

/** GitLab refuses as many as these. */
const TOO_MANY = 50;

/** `tags`: what a runner must have. Variables in them are expanded when the pipeline is made. */
export const tags: Reader<readonly string[]> = (value, at) => {
  const read = texts(value, at);
  if (read === undefined) return undefined;
  if (read.length >= TOO_MANY) return at.invalid(`must be less than the limit of ${TOO_MANY} tags`);
  const broken = read.find((tag) => /[\r\n]/.test(tag));
  return broken === undefined ? read : at.invalid("contains a tag with a line end");
};
