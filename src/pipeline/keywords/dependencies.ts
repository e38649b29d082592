import { texts } from "./list.ts";
import type { Reader } from "./reader.ts";

/** `dependencies`: names of jobs whose artifacts are fetched; an empty list for none. */
export const dependencies: Reader<readonly string[]> = texts;
