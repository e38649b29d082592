/** What an expression of `rules:if` says of variables. */
import type { Lookup } from "../compose/conditions.ts";
import { Memo } from "./memo.ts";
import { parse } from "./parser.ts";
import { isPattern } from "./pattern-syntax.ts";
import { PatternTooLarge, type Patterns } from "./patterns.ts";
import type { Expression } from "./tree.ts";

/** GitLab's only words for all that can be wrong. */
const INVALID = "invalid expression syntax";

export type Evaluated =
  | { readonly ok: true; readonly value: boolean }
  | { readonly ok: false; readonly message: string };

/**
 * Whether an expression holds: its value is there and isn't blank.
 * @param lookup - Null for a variable that isn't defined.
 */
export const evaluateIf = (text: string, lookup: Lookup, patterns: Patterns): Evaluated => {
  const tree = trees.of(text);
  if (tree === null) return { ok: false, message: INVALID };
  try {
    return { ok: true, value: isPresent(valueOf(tree, lookup, patterns)) };
  } catch (error) {
    if (error instanceof PatternTooLarge) return { ok: false, message: `${INVALID}: ${error.message}` };
    throw error;
  }
};

/** Whether an expression can be read. */
export const isExpression = (text: string): boolean => trees.of(text) !== null;

const trees = new Memo((text: string): Expression | null => {
  const tree = parse(text);
  return tree !== null && patternsAreValid(tree) ? tree : null;
});

const patternsAreValid = (tree: Expression): boolean => {
  if (tree.kind === "pattern") return isPattern(tree.pattern);
  if (tree.kind === "not") return patternsAreValid(tree.operand);
  return !("left" in tree) || (patternsAreValid(tree.left) && patternsAreValid(tree.right));
};

/** A pattern is equal only to one that is written the same. */
class Pattern {
  readonly written: string;

  constructor(written: string) {
    this.written = written;
  }
}

type Result = string | boolean | null | Pattern;

const valueOf = (tree: Expression, lookup: Lookup, patterns: Patterns): Result => {
  const of = (part: Expression): Result => valueOf(part, lookup, patterns);
  switch (tree.kind) {
    case "text":
      return tree.text;
    case "boolean":
      return tree.value;
    case "null":
      return null;
    case "variable":
      return lookup(tree.name);
    case "pattern":
      return new Pattern(tree.pattern);
    case "not":
      return !isPresent(of(tree.operand));
    case "==":
      return areEqual(of(tree.left), of(tree.right));
    case "!=":
      return !areEqual(of(tree.left), of(tree.right));
    case "=~":
      return matches(of(tree.left), of(tree.right), patterns);
    case "!~":
      return !matches(of(tree.left), of(tree.right), patterns);
    case "&&": {
      const left = of(tree.left);
      return isTrue(left) ? of(tree.right) : left;
    }
    case "||": {
      const left = of(tree.left);
      return isTrue(left) ? left : of(tree.right);
    }
  }
};

/** What counts between operators: as in Ruby an empty text is true. */
const isTrue = (value: Result): boolean => value !== null && value !== false;

/** What counts at the end, and for `!`: nothing but white space is not there. */
const isPresent = (value: Result): boolean => (typeof value === "string" ? /\S/.test(value) : isTrue(value));

const areEqual = (left: Result, right: Result): boolean =>
  left instanceof Pattern && right instanceof Pattern ? left.written === right.written : left === right;

/**
 * A text on the right is a pattern if it is written as one, and else it is searched for the left one: `"b" =~ "abc"`
 * holds, in GitLab too.
 */
const matches = (left: Result, right: Result, patterns: Patterns): boolean => {
  if (!isTrue(right)) return false;
  const text = textOf(left);
  if (right instanceof Pattern) return patterns.findDelimited(right.written, text) ?? false;
  const written = textOf(right);
  return patterns.findDelimited(written.replaceAll("\\/", "/"), text) ?? written.includes(text);
};

const textOf = (value: Result): string => {
  if (value instanceof Pattern) return value.written;
  return value === null ? "" : String(value);
};
