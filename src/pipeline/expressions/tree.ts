/** An expression of `rules:if`, read. At most 99 tokens make one, so that its depth is bounded too. */
export type Expression =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "null" }
  | { readonly kind: "variable"; readonly name: string }
  /** `/source/flags`, with `\/` as `/`. */
  | { readonly kind: "pattern"; readonly pattern: string }
  | { readonly kind: "not"; readonly operand: Expression }
  | { readonly kind: Operator; readonly left: Expression; readonly right: Expression };

export type Operator = "==" | "!=" | "=~" | "!~" | "&&" | "||";
