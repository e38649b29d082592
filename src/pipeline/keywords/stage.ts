import { text } from "./scalar.ts";
import type { Reader } from "./reader.ts";

/** Of a job that names none. */
export const DEFAULT_STAGE = "test";

/** `stage` of a job. */
export const stage: Reader<string> = text;
