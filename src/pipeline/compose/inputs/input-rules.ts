/** `spec:inputs:name:rules`: options and default of an input, by what others are. */
import { valueText } from "../../scalar-text.ts";
import type { Hash } from "../../value.ts";
import type { Conditions } from "../conditions.ts";
import { blocksIn } from "./blocks.ts";
import type { InputRule, InputSpec } from "./input-spec.ts";

/** Null: the input has no rules. Without one that holds there are neither options nor a default. */
export const ruleOf = (
  spec: InputSpec,
  inputs: Hash,
  conditions: Conditions,
  tell: (text: string) => void,
): InputRule | null => {
  if (spec.rules === null) return null;
  for (const rule of spec.rules) {
    const holds = rule.if === null || evaluate(rule.if, inputs, conditions, tell);
    if (holds) return rule;
  }
  return { if: null, options: null, default: undefined };
};

/** The language of `rules:if`, with `$[[ inputs.name ]]` where variables are, and `true` and `false`. */
const evaluate = (text: string, inputs: Hash, conditions: Conditions, tell: (text: string) => void): boolean => {
  const names: string[] = [];
  let asked = "";
  let at = 0;
  for (const block of blocksIn(text)) {
    asked += `${booleansAsTexts(text.slice(at, block.start))}$INPUT_${names.length}`;
    names.push(block.data.replace(/^inputs\./, ""));
    at = block.end;
  }
  asked += booleansAsTexts(text.slice(at));
  const result = conditions.evaluateIf(asked, (variable) => {
    const value = inputs.get(names[Number(variable.replace(/^INPUT_/, ""))] ?? "") ?? null;
    return value === null ? null : valueText(value);
  });
  if (typeof result === "boolean") return result;
  tell(`rule if ${result.error}`);
  return false;
};

/** Inputs are compared as texts. */
const booleansAsTexts = (text: string): string =>
  text.replaceAll(/"[^"]*"|'[^']*'|\b(?:true|false)\b/g, (part) => (/^["']/.test(part) ? part : `"${part}"`));

/** Rules may only ask for inputs that there are, and not for each other in a circle. */
export const checkRules = (specs: ReadonlyMap<string, InputSpec>, tell: (message: string) => void): void => {
  const asks = new Map<string, readonly string[]>();
  for (const [name, { rules }] of specs) {
    const asked = (rules ?? []).map((rule) => inputsIn(rule.if ?? ""));
    asks.set(name, asked.flat());
    for (const [index, inputs] of asked.entries()) {
      const undefinedOnes = inputs.filter((input) => !specs.has(input));
      if (undefinedOnes.length > 0)
        tell(
          `header:spec:inputs:${name} config rule[${index}] references undefined inputs: ${undefinedOnes.join(", ")}`,
        );
    }
  }
  const circle = inCircle(asks);
  if (circle !== null) tell(`header:spec:inputs:${circle} config circular dependency detected`);
};

const inputsIn = (text: string): readonly string[] =>
  [...blocksIn(text)].filter(({ data }) => data.startsWith("inputs.")).map(({ data }) => data.slice("inputs.".length));

/** Takes away what asks for nothing that is left, again and again. What remains asks in circles. */
const inCircle = (asks: ReadonlyMap<string, readonly string[]>): string | null => {
  const waits = new Map([...asks].map(([name, asked]) => [name, new Set(asked.filter((other) => asks.has(other)))]));
  const askedBy = new Map<string, string[]>([...asks.keys()].map((name) => [name, []]));
  for (const [name, asked] of waits) for (const other of asked) askedBy.get(other)?.push(name);
  const free = [...waits].filter(([, asked]) => asked.size === 0).map(([name]) => name);
  for (let name = free.pop(); name !== undefined; name = free.pop()) {
    waits.delete(name);
    for (const other of askedBy.get(name) ?? []) {
      const left = waits.get(other);
      if (left?.delete(name) === true && left.size === 0) free.push(other);
    }
  }
  return waits.keys().next().value ?? null;
};
