/** The words of an expression, in GitLab's order of preference. */
import type { Expression, Operator } from "./tree.ts";

export type Token =
  | { readonly kind: "value"; readonly value: Expression }
  | { readonly kind: "operator"; readonly operator: Operator }
  | { readonly kind: "!" | "(" | ")" };

/** GitLab refuses the hundredth token. */
const MAX_TOKENS = 99;
const MAX_LENGTH = 10_000;

const SPACE = /[ \t\r\n\f\v]*/y;

/**
 * A pattern has two characters at least, also in GitLab: the one before the last slash must not be a backslash. A text
 * has no escapes and ends at the next quote of its kind.
 */
const WORDS: readonly (readonly [RegExp, (match: RegExpExecArray) => Token])[] = [
  [/[()]/y, ([word]) => ({ kind: word === "(" ? "(" : ")" })],
  [/\$(\w+)/y, ([, name = ""]) => value({ kind: "variable", name })],
  [/"(.*?)"|'(.*?)'/y, ([, double, single]) => value({ kind: "text", text: double ?? single ?? "" })],
  [/\/(?:[^/]|\\\/)+[^\\]\/[ismU]*/y, ([word]) => value({ kind: "pattern", pattern: word.replaceAll("\\/", "/") })],
  [/null/y, () => value({ kind: "null" })],
  [/\b(?:true|false)\b/y, ([word]) => value({ kind: "boolean", value: word === "true" })],
  [/==|=~|!=|!~|&&|\|\|/y, ([word]) => ({ kind: "operator", operator: word as Operator })],
  [/!/y, () => ({ kind: "!" })],
];

const value = (expression: Expression): Token => ({ kind: "value", value: expression });

/** Null where a word is unknown or there are too many. */
export const tokensOf = (text: string): readonly Token[] | null => {
  if (text.length > MAX_LENGTH) return null;
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at = afterSpace(text, at);
    if (at === text.length) return tokens;
    const found = tokens.length < MAX_TOKENS ? tokenAt(text, at) : null;
    if (found === null) return null;
    tokens.push(found.token);
    at = found.end;
  }
};

const afterSpace = (text: string, at: number): number => {
  SPACE.lastIndex = at;
  SPACE.exec(text);
  return SPACE.lastIndex;
};

const tokenAt = (text: string, at: number): { readonly token: Token; readonly end: number } | null => {
  for (const [word, token] of WORDS) {
    word.lastIndex = at;
    const match = word.exec(text);
    if (match !== null) return { token: token(match), end: at + match[0].length };
  }
  return null;
};
