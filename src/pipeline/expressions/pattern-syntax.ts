/** Which texts are patterns: RE2's language, between slashes where GitLab wants them. Checking costs about their length. */
import { RE2JS } from "re2js";
import { Memo } from "./memo.ts";
import { type PatternSize, sizeOfPattern } from "./pattern-size.ts";

/** Longer ones are no patterns here. GitLab bounds the memory that a pattern takes instead. */
const MAX_LENGTH = 4_096;

export interface Delimited {
  readonly source: string;
  /** Of `i`, `m`, `s`, `U`. */
  readonly flags: string;
}

const DELIMITED = /^\/(.*)\/([ismU]*)$/m;

/** Whether a text is written as `/source/flags`, on a line of its own. It may still be no pattern. */
export const looksLikePattern = (text: string): boolean => DELIMITED.test(text);

/** Whether a text is written so, and is a pattern. */
export const isPattern = (text: string): boolean => {
  const parts = delimited(text);
  return parts !== null && checkedSize(sourceOf(parts)) !== null;
};

/** Null if the text is not written so, or is too long. */
export const delimited = (text: string): Delimited | null => {
  const match = text.length > MAX_LENGTH ? null : DELIMITED.exec(text);
  return match === null ? null : { source: match[1] ?? "", flags: match[2] ?? "" };
};

/** As RE2 wants it. */
export const sourceOf = ({ source, flags }: Delimited): string => (flags === "" ? source : `(?${flags})${source}`);

/** What the pattern costs; null if it is none. */
export const checkedSize = (source: string): PatternSize | null =>
  source.length > MAX_LENGTH ? null : sizes.of(source);

const sizes = new Memo((source: string): PatternSize | null => {
  const size = sizeOfPattern(source);
  if (size === null || !compiles(size.outline)) return null;
  return [...size.classNames].every(isClassName) ? size : null;
});

const compiles = (source: string): boolean => {
  try {
    RE2JS.compile(source);
    return true;
  } catch {
    return false;
  }
};

/** Names that are known to be right. There are a few hundred, so that it stays small. */
const knownNames = new Set<string>();

const isClassName = (name: string): boolean => {
  if (knownNames.has(name)) return true;
  if (!compiles(name)) return false;
  knownNames.add(name);
  return true;
};
