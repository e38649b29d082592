import { text } from "./scalar.ts";
import type { Reader } from "./reader.ts";

/** `resource_group`: jobs of one group run one at a time. Variables in it are expanded when the pipeline is made. */
export const resourceGroup: Reader<string> = text;
