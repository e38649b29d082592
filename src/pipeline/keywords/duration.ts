import { parseDuration } from "../../core/duration.ts";
import type { Reader } from "./reader.ts";

/** Whole seconds of a text such as `1h 30m`, at most `most` of them. A number is refused, as by GitLab. */
export const durationUpTo =
  (most: number): Reader<number> =>
  (value, at) => {
    const seconds = typeof value === "string" ? parseDuration(value) : null;
    if (seconds === null || seconds === "never") return at.invalid("should be a duration");
    return seconds > most ? at.invalid("should not exceed the limit") : Math.max(1, Math.floor(seconds));
  };

/** A duration that is kept as it is written; `never` is one. */
export const durationText: Reader<string> = (value, at) =>
  typeof value === "string" && parseDuration(value) !== null ? value : at.invalid("should be a duration");
