/**
 * From the events of js-yaml's parser to values, as Psych builds them. One pass, without recursion. An alias is the
 * value that it names, not a copy, and counts with all that it stands for.
 */
import { type Event, EVENT_ID, getScalarValue, SCALAR_STYLE, type ScalarEvent } from "js-yaml";
import { scalarText, valueText } from "../scalar-text.ts";
import { Float, type Hash, isHash, isList, Reference, type Scalar, type Value } from "../value.ts";
import { readPlain } from "./plain-scalar.ts";
import { MAX_DEPTH, MAX_FILE_SIZE, Sizes, textSize, TOO_BIG } from "./size.ts";
import { isKnownTag, rubyClass, tagName } from "./tags.ts";
import { lineAndColumn, YamlError } from "./yaml-error.ts";

export interface Constructed {
  /** An empty one is null. */
  readonly documents: readonly Value[];
  /** The text begins with `---`. */
  readonly marked: boolean;
  /** Of what is taken, but may surprise. */
  readonly warnings: readonly string[];
}

/** @throws YamlError */
export const construct = (text: string, events: readonly Event[]): Constructed => {
  const builder = new Builder(text);
  for (const event of events) builder.take(event);
  return builder.result();
};

interface Open {
  readonly kind: "document" | "list" | "hash" | "reference";
  readonly list: Value[];
  readonly hash: Map<string, Value>;
  readonly anchor: string | null;
  /** Keys of a hash that it has by `<<` alone. */
  readonly merged: Set<string>;
  /** Of a hash: the key that waits for its value, and where it stands. */
  key: Value | undefined;
  keyAt: number;
}

class Builder {
  readonly #text: string;
  readonly #open: Open[] = [];
  /** Undefined: of a list or a hash that isn't complete yet. */
  readonly #anchors = new Map<string, Value | undefined>();
  readonly #sizes = new Sizes();
  readonly #documents: Value[] = [];
  readonly #warnings: string[] = [];
  #marked = false;
  #size = 0;

  constructor(text: string) {
    this.#text = text;
  }

  result(): Constructed {
    return { documents: this.#documents, marked: this.#marked, warnings: this.#warnings };
  }

  take(event: Event): void {
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        this.#anchors.clear();
        if (this.#documents.length === 0) this.#marked = event.explicitStart;
        this.#push("document", null);
        return;
      case EVENT_ID.SCALAR:
        return this.#scalar(event);
      case EVENT_ID.ALIAS:
        return this.#alias(this.#text.slice(event.anchorStart, event.anchorEnd), event.anchorStart - 1);
      case EVENT_ID.SEQUENCE: {
        const tag = this.#tag(event);
        return this.#push(tag === "reference" ? "reference" : "list", this.#anchor(event));
      }
      case EVENT_ID.MAPPING:
        if (this.#tag(event) === "reference") throw new YamlError("!reference {} is not valid");
        return this.#push("hash", this.#anchor(event));
      case EVENT_ID.POP:
        return this.#close();
    }
  }

  #push(kind: Open["kind"], anchor: string | null): void {
    // The document itself is no level.
    if (this.#open.length > MAX_DEPTH) throw new YamlError(TOO_BIG);
    if (anchor !== null) this.#anchors.set(anchor, undefined);
    this.#count(1);
    this.#open.push({ kind, list: [], hash: new Map(), anchor, merged: new Set(), key: undefined, keyAt: 0 });
  }

  #close(): void {
    const closed = this.#open.pop();
    if (closed === undefined) return;
    if (closed.kind === "document") {
      this.#documents.push(closed.list[0] ?? null);
      return;
    }
    const value = closed.kind === "hash" ? closed.hash : closed.kind === "list" ? closed.list : reference(closed.list);
    if (closed.anchor !== null) this.#anchors.set(closed.anchor, value);
    this.#add(value, -1, closed.kind === "list");
  }

  #scalar(event: ScalarEvent): void {
    const text = getScalarValue(this.#text, event);
    this.#count(textSize(text));
    const value = this.#scalarValue(event, text);
    const anchor = this.#anchor(event);
    if (anchor !== null) this.#anchors.set(anchor, value);
    this.#add(value, event.valueStart, false);
  }

  #scalarValue(event: ScalarEvent, text: string): Scalar {
    const tag = event.tagStart === -1 ? null : this.#tag(event);
    if (tag === "reference") throw new YamlError(`!reference ${JSON.stringify(text)} is not valid`);
    if (event.style !== SCALAR_STYLE.PLAIN || tag === "str" || tag === "!") return text;
    const value = readPlain(text);
    if (value === null || typeof value !== "object" || value instanceof Float)
      return tag === "float" ? new Float(Number(scalarText(value))) : value;
    if ("symbol" in value) {
      this.#warn(event.valueStart, `\`${text}\` without quotes is read as \`${value.symbol}\``);
      return value.symbol;
    }
    throw new YamlError(
      `Tried to load unspecified class: ${value.refused} (\`${text}\`${this.#place(event.valueStart)}: quote it)`,
    );
  }

  #alias(name: string, offset: number): void {
    if (!this.#anchors.has(name)) throw new YamlError(`An alias referenced an unknown anchor: ${name}`);
    const value = this.#anchors.get(name);
    if (value === undefined) throw new YamlError(`An alias stands inside of its own anchor: ${name}`);
    const { size, depth } = this.#sizes.of(value);
    this.#count(size);
    if (this.#open.length - 1 + depth > MAX_DEPTH) throw new YamlError(TOO_BIG);
    this.#add(value, offset, isList(value));
  }

  /** `list`: `<<` takes a list only where it is written out. */
  #add(value: Value, offset: number, list: boolean): void {
    const open = this.#open.at(-1);
    if (open === undefined) return;
    if (open.kind !== "hash") {
      open.list.push(value);
      return;
    }
    if (open.key === undefined) {
      if (isList(value) || isHash(value) || value instanceof Reference)
        throw new YamlError(`A list or a hash cannot be a key${this.#place(open.keyAt)}`);
      open.key = value === null ? "" : value;
      open.keyAt = offset;
      return;
    }
    const key = scalarText(open.key as Scalar);
    const at = open.keyAt;
    open.key = undefined;
    if (key === "<<" && isHash(value)) return this.#merge(open, [value], at);
    if (key === "<<" && list && offset === -1 && (value as readonly Value[]).every(isHash))
      return this.#merge(open, (value as readonly Hash[]).toReversed(), at);
    if (open.hash.has(key) && !open.merged.delete(key))
      this.#warn(at, `\`${key}\` is given twice; the last one counts`);
    open.hash.set(key, value);
  }

  /** Ruby's Hash#merge!: what is merged wins over the keys before it, other than YAML has it. */
  #merge(into: Open, hashes: readonly Hash[], at: number): void {
    for (const hash of hashes) {
      for (const [key, value] of hash) {
        this.#count(textSize(key) + this.#sizes.of(value).size);
        if (!into.hash.has(key)) into.merged.add(key);
        else if (!into.merged.has(key)) this.#warn(at, `\`<<\` replaces \`${key}\`, which stands before it`);
        into.hash.set(key, value);
      }
    }
  }

  #anchor(event: { anchorStart: number; anchorEnd: number }): string | null {
    return event.anchorStart === -1 ? null : this.#text.slice(event.anchorStart, event.anchorEnd);
  }

  #tag(event: { tagStart: number; tagEnd: number }): string | null {
    if (event.tagStart === -1) return null;
    const written = this.#text.slice(event.tagStart, event.tagEnd);
    const name = tagName(written);
    const ruby = rubyClass(name);
    if (ruby !== null) throw new YamlError(`Tried to load unspecified class: ${ruby}`);
    if (!isKnownTag(name)) this.#warn(event.tagStart, `the tag \`${written}\` is not known and is ignored`);
    return name;
  }

  #count(size: number): void {
    this.#size += size;
    if (this.#size > MAX_FILE_SIZE) throw new YamlError(TOO_BIG);
  }

  #warn(offset: number, text: string): void {
    if (this.#warnings.length < MAX_WARNINGS) this.#warnings.push(`${text}${this.#place(offset)}`);
  }

  #place(offset: number): string {
    const { line, column } = lineAndColumn(this.#text, Math.max(offset, 0));
    return ` at line ${line} column ${column}`;
  }
}

/** Each costs a look through the text for its line. */
const MAX_WARNINGS = 50;

const reference = (path: readonly Value[]): Reference => {
  if (path.length === 0 || !path.every((item) => typeof item === "string"))
    throw new YamlError(`!reference ${valueText(path)} is not valid`);
  return new Reference(path);
};
