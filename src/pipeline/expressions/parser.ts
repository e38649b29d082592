/**
 * From words to a tree, by two stacks as in GitLab (the shunting-yard algorithm). It takes what GitLab takes, also
 * operators that stand before or after both of their operands.
 */
import { type Token, tokensOf } from "./lexer.ts";
import type { Expression, Operator } from "./tree.ts";

type Waiting = Operator | "!" | "(";

/** The lowest binds first. */
const ORDER: Record<Waiting, number> = { "!": 1, "==": 10, "!=": 10, "=~": 10, "!~": 10, "&&": 11, "||": 12, "(": 901 };

/** Null where GitLab says `invalid expression syntax`, but for what is wrong with a pattern. */
export const parse = (text: string): Expression | null => {
  const tokens = tokensOf(text);
  return tokens === null ? null : treeOf(tokens);
};

const treeOf = (tokens: readonly Token[]): Expression | null => {
  const done: Expression[] = [];
  const waiting: Waiting[] = [];
  const finish = (until: number): boolean => {
    for (let last = waiting.at(-1); last !== undefined && ORDER[last] <= until; last = waiting.at(-1)) {
      waiting.pop();
      if (!apply(last, done)) return false;
    }
    return true;
  };
  for (const token of tokens) {
    if (token.kind === "value") done.push(token.value);
    else if (token.kind === "operator") {
      if (!finish(ORDER[token.operator])) return null;
      waiting.push(token.operator);
    } else if (token.kind === ")") {
      if (!finish(ORDER["("] - 1) || waiting.pop() !== "(") return null;
    } else waiting.push(token.kind);
  }
  if (!finish(ORDER["("]) || done.length !== 1) return null;
  return done[0] ?? null;
};

/** Replaces the operands on the stack by the operation. False where they are missing, and for a parenthesis that is open. */
const apply = (operator: Waiting, done: Expression[]): boolean => {
  if (operator === "(") return false;
  const right = done.pop();
  if (right === undefined) return false;
  if (operator === "!") {
    done.push({ kind: "not", operand: right });
    return true;
  }
  const left = done.pop();
  if (left === undefined) return false;
  done.push({ kind: operator, left, right });
  return true;
};
