import { nestedTexts } from "./list.ts";
import type { Reader } from "./reader.ts";

/** `before_script`, `script` and `after_script`: a text, or a list of texts, with lists in it up to ten deep. Read flat. */
export const script: Reader<readonly string[]> = nestedTexts;
