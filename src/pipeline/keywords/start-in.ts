import { durationUpTo } from "./duration.ts";
import type { Reader } from "./reader.ts";

const WEEK_SECONDS = 604_800;

/** `start_in` of a delayed job, in seconds: at most a week. */
export const startIn: Reader<number> = durationUpTo(WEEK_SECONDS);
