import { boolean } from "./scalar.ts";
import type { Reader } from "./reader.ts";

/** `interruptible`: a newer pipeline of the same ref may cancel the job while it runs. */
export const interruptible: Reader<boolean> = boolean;
