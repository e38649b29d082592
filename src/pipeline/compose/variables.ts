/** The variables that `include` and `expand_vars` can use: those that are known before the file is read. */
import type { ContextVariable, PipelineContext } from "../context.ts";
import type { Lookup } from "./conditions.ts";

export class IncludeVariables {
  readonly #byKey = new Map<string, ContextVariable>();
  readonly lookup: Lookup = (name) => this.#byKey.get(name)?.value ?? null;

  constructor(context: Pick<PipelineContext, "predefined" | "project" | "given">) {
    for (const variable of [...context.predefined, ...context.project, ...context.given])
      this.#byKey.set(variable.key, variable);
  }

  /** Unknown ones become nothing. Undefined: the text would be longer than `limit`. */
  expand(text: string, limit: number): string | undefined {
    return this.#replace(text, limit, (name) => this.lookup(name) ?? "");
  }

  /** Unknown ones stay as they stand there. */
  expandKnown(text: string, limit: number): string | undefined {
    return this.#replace(text, limit, (name, written) => this.lookup(name) ?? written);
  }

  usesMasked(text: string): boolean {
    return [...text.matchAll(VARIABLE)].some((match) => this.#byKey.get(nameIn(match))?.masked === true);
  }

  /** The text without the values that must not be shown. */
  mask(text: string): string {
    let shown = text;
    for (const { value, masked } of this.#byKey.values())
      if (masked === true && value !== "") shown = shown.replaceAll(value, "[MASKED]");
    return shown;
  }

  #replace(text: string, limit: number, value: (name: string, written: string) => string): string | undefined {
    const parts: string[] = [];
    let length = 0;
    let at = 0;
    const add = (part: string): boolean => {
      parts.push(part);
      length += part.length;
      return length <= limit;
    };
    for (const match of text.matchAll(VARIABLE)) {
      if (!add(text.slice(at, match.index)) || !add(value(nameIn(match), match[0]))) return undefined;
      at = match.index + match[0].length;
    }
    return add(text.slice(at)) ? parts.join("") : undefined;
  }
}

const VARIABLE = /\$([a-zA-Z_]\w*)|\$\{([a-zA-Z_]\w*)\}|%([a-zA-Z_]\w*)%/g;

const nameIn = (match: RegExpMatchArray): string => match[1] ?? match[2] ?? match[3] ?? "";
