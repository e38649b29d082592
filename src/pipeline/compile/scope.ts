/** The variables that a pipeline or one of its jobs sees while it is made, in GitLab's precedence. */
import type { Lookup } from "../compose/conditions.ts";
import type { ContextVariable } from "../context.ts";
import { expandText } from "../expressions/expand.ts";
import { MAX_EXPANDED } from "./limits.ts";

type Layer = ReadonlyMap<string, ContextVariable>;

/** Longer values are not expanded further: one variable could double another's text again and again. */
const MAX_VALUE = 65_536;

/** Variables that name one another, one after the other. */
const MAX_DEPTH = 500;

const IN_VALUES = /\$\$|%%|\$([a-zA-Z_]\w*)|\$\{([a-zA-Z_]\w*)\}|%([a-zA-Z_]\w*)%/g;

export class Scope {
  /** The first that has a name counts. */
  readonly #layers: readonly Layer[];
  readonly #expanded = new Map<string, string>();
  readonly #path: string[] = [];
  #error: string | null = null;

  constructor(layers: readonly Layer[]) {
    this.#layers = layers;
  }

  /** As it is written. */
  readonly lookup: Lookup = (name) => this.#find(name)?.value ?? null;

  /** With the variables in its value replaced, unknown ones by nothing; null if there is none. */
  readonly expanded: Lookup = (name) => {
    const variable = this.#find(name);
    if (variable === undefined) return null;
    if (variable.raw === true || !/[$%]/.test(variable.value)) return variable.value;
    const known = this.#expanded.get(name);
    if (known !== undefined) return known;
    const value = this.#expandValue(name, variable.value);
    this.#expanded.set(name, value);
    return value;
  };

  /** With values as they are written in place of known variables; unknown ones stay. */
  expandKnown(text: string): string {
    return this.#expand(text, (name, written) => this.lookup(name) ?? written);
  }

  /** With expanded values in place of known variables; unknown ones stay. */
  expandKnownWhole(text: string): string {
    return this.#expand(text, (name, written) => this.expanded(name) ?? written);
  }

  /** With expanded values in place of variables; unknown ones become nothing. */
  expandWhole(text: string): string {
    return this.#expand(text, (name) => this.expanded(name) ?? "");
  }

  /** What is wrong with these variables and with what was expanded so far; null if nothing is. */
  errorIn(names: Iterable<string>): string | null {
    for (const name of names) this.expanded(name);
    return this.#error;
  }

  #find(name: string, below = -1): ContextVariable | undefined {
    for (const layer of this.#layers.slice(below + 1)) {
      const variable = layer.get(name);
      if (variable !== undefined) return variable;
    }
    return undefined;
  }

  #expandValue(name: string, value: string): string {
    if (this.#path.length >= MAX_DEPTH) {
      this.#error ??= `more than ${MAX_DEPTH} variables name one another in a row`;
      return "";
    }
    this.#path.push(name);
    let length = 0;
    const text = value.replaceAll(IN_VALUES, (written, ...keys: (string | undefined)[]) => {
      const key = keys[0] ?? keys[1] ?? keys[2];
      const part = key === undefined ? written : this.#part(name, key);
      length += part.length;
      return length > MAX_VALUE ? "" : part;
    });
    this.#path.pop();
    return text;
  }

  /** A variable that names itself means the one that it hides. */
  #part(of: string, key: string): string {
    if (key === of) {
      const own = this.#layers.findIndex((layer) => layer.has(key));
      return this.#find(key, own)?.value ?? "";
    }
    const start = this.#path.indexOf(key);
    if (start < 0) return this.expanded(key) ?? "";
    const names = this.#path.slice(start).map((name) => `"${name}"`);
    this.#error ??= `circular variable reference detected: [${names.join(", ")}]`;
    return "";
  }

  #expand(text: string, value: (name: string, written: string) => string): string {
    const expanded = expandText(text, MAX_EXPANDED, value);
    if (expanded === undefined)
      this.#error ??= `more than ${MAX_EXPANDED} characters come of the variables in one text`;
    return expanded ?? "";
  }
}
