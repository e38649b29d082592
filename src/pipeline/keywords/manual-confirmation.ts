import { text } from "./scalar.ts";
import type { Reader } from "./reader.ts";

/** `manual_confirmation`: what people are asked before they start a manual job. */
export const manualConfirmation: Reader<string> = text;
