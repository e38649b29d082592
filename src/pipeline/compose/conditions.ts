/** What composing asks of the language of `rules`: expressions, globs and patterns. */
export interface Conditions {
  /** Whether an `if` holds. An unknown variable is null. */
  evaluateIf(text: string, lookup: Lookup): boolean | { readonly error: string };
  /** Whether one of the paths matches one of the globs, as `changes` and `exists` compare them. */
  matchesPath(globs: readonly string[], paths: readonly string[]): boolean;
  /** Whether a pattern (RE2) is found in a text; null if it is no pattern. */
  matchesPattern(pattern: string, text: string): boolean | null;
}

export type Lookup = (name: string) => string | null;
