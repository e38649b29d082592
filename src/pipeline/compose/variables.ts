/** The variables that `include` and `expand_vars` can use: those that are known before the file is read. */
import { expandText, namesIn } from "../expressions/expand.ts";
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
    return expandText(text, limit, (name) => this.lookup(name) ?? "");
  }

  /** Unknown ones stay as they stand there. */
  expandKnown(text: string, limit: number): string | undefined {
    return expandText(text, limit, (name, written) => this.lookup(name) ?? written);
  }

  usesMasked(text: string): boolean {
    return namesIn(text).some((name) => this.#byKey.get(name)?.masked === true);
  }

  /** The text without the values that must not be shown. */
  mask(text: string): string {
    let shown = text;
    for (const { value, masked } of this.#byKey.values())
      if (masked === true && value !== "") shown = shown.replaceAll(value, "[MASKED]");
    return shown;
  }
}
