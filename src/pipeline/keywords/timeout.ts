import { durationUpTo } from "./duration.ts";
import type { Reader } from "./reader.ts";

/** Of GitLab's month, a twelfth of a Gregorian year. */
const MONTH_SECONDS = 2_629_746;

/** `timeout`, in seconds: at most a month. The project's own limit counts beside it when the job is queued. */
export const timeout: Reader<number> = durationUpTo(MONTH_SECONDS);
