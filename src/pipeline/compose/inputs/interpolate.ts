/** Puts inputs where `$[[ … ]]` stands, in keys and values of a config. A value that is nothing else keeps its type. */
import { valueText } from "../../scalar-text.ts";
import { type Hash, isHash, isList, type Value } from "../../value.ts";
import { MAX_TEXT } from "../../yaml/read-yaml.ts";
import { MAX_FILE_SIZE, textSize } from "../../yaml/size.ts";
import type { IncludeVariables } from "../variables.ts";
import { ComposeError, type Work } from "../work.ts";
import { type Block, blocksIn } from "./blocks.ts";
import { evaluateBlock } from "./evaluate-block.ts";
import type { Scopes } from "./scopes.ts";

const MAX_BLOCKS = 10_000;

/** Each error is told once. What it stands in keeps its text then. */
export const interpolate = (
  config: Hash,
  scopes: Scopes,
  variables: IncludeVariables,
  work: Work,
  tell: (message: string) => void,
): Hash => new Interpolation(scopes, variables, work, tell).hash(config);

class Interpolation {
  readonly #scopes: Scopes;
  readonly #variables: IncludeVariables;
  readonly #work: Work;
  readonly #tell: (message: string) => void;
  readonly #values = new Map<string, Value>();
  /** What is shared stays shared. */
  readonly #known = new Map<object, Value>();
  /** The size of all texts that were put together. */
  #made = 0;

  constructor(scopes: Scopes, variables: IncludeVariables, work: Work, tell: (message: string) => void) {
    this.#scopes = scopes;
    this.#variables = variables;
    this.#work = work;
    this.#tell = tell;
  }

  hash(hash: Hash): Hash {
    const known = this.#known.get(hash);
    if (isHash(known)) return known;
    this.#work.spend(hash.size);
    const done = new Map<string, Value>();
    for (const [key, value] of hash) done.set(valueText(this.#text(key)), this.#value(value));
    this.#known.set(hash, done);
    return done;
  }

  #value(value: Value): Value {
    if (typeof value === "string") return this.#text(value);
    if (isHash(value)) return this.hash(value);
    return isList(value) ? this.#list(value) : value;
  }

  /** A list that an item has become is put into the list, not under it. */
  #list(list: readonly Value[]): Value {
    const known = this.#known.get(list);
    if (known !== undefined) return known;
    const done: Value[] = [];
    for (const item of list) {
      const value = this.#value(item);
      const items = typeof item === "string" && isList(value) ? value : [value];
      this.#work.spend(items.length);
      for (const each of items) done.push(each);
    }
    this.#known.set(list, done);
    return done;
  }

  #text(text: string): Value {
    if (!text.includes("$[[")) return text;
    const parts: string[] = [];
    let length = 0;
    let at = 0;
    for (const block of blocksIn(text)) {
      const value = this.#block(text.slice(block.start, block.end), block);
      if (block.start === 0 && block.end === text.length) return value;
      const part = `${text.slice(at, block.start)}${valueText(value)}`;
      at = block.end;
      length += part.length;
      if (length > MAX_TEXT) throw new ComposeError("config node too large");
      parts.push(part);
    }
    const made = parts.join("") + text.slice(at);
    this.#made += textSize(made);
    if (this.#made > MAX_FILE_SIZE) throw new ComposeError("config too large");
    return made;
  }

  #block(written: string, { data }: Block): Value {
    const known = this.#values.get(written);
    if (known !== undefined) return known;
    if (this.#values.size >= MAX_BLOCKS) throw new ComposeError("too many interpolation blocks");
    const outcome = evaluateBlock(data, this.#scopes, this.#variables);
    if (outcome !== null && "error" in outcome) this.#tell(outcome.error);
    const value = outcome !== null && "value" in outcome ? outcome.value : written;
    this.#values.set(written, value);
    return value;
  }
}
