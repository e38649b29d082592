import { oneOf } from "./scalar.ts";
import type { Reader } from "./reader.ts";

export type When = "on_success" | "on_failure" | "always" | "manual" | "delayed";

/** `when` of a job. `never` is for rules alone. */
export const when: Reader<When> = oneOf(["on_success", "on_failure", "always", "manual", "delayed"]);
