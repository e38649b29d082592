/**
 * libyaml, and so GitLab, lets the lines of `[ … ]` and `{ … }` stand at any indentation; many files close a list at
 * the column of its key. js-yaml follows YAML 1.2 and refuses that. Here the line breaks, tabs and comments inside of
 * such lists become spaces, so that each stands on one line. The length of the text and all offsets stay as they are.
 */
export const flowOnOneLine = (text: string): string => new Lines(text).joined();

/** What can stand before a node: entries of a list, an anchor, a tag. */
const PREFIX = /(?:[-?:]|[&!][^\s,[\]{}]*)[ \t]+/y;
const PROPERTY = /[&!][^\s,[\]{}]*[ \t]+/y;

class Lines {
  readonly #text: string;
  readonly #out: string[] = [];
  #copied = 0;
  #at = 0;
  /** Further lines of a scalar that begins in this line stand right of it. */
  #column = 0;

  constructor(text: string) {
    this.#text = text;
  }

  joined(): string {
    while (this.#at < this.#text.length) this.#line();
    this.#out.push(this.#text.slice(this.#copied));
    return this.#out.join("");
  }

  /** From the start of a line to the start of the next that isn't a part of a scalar that begins here. */
  #line(): void {
    const lineStart = this.#at;
    this.#skip(/[ \t]*/y);
    this.#column = this.#at - lineStart - 1;
    for (let entry = this.#skip(PREFIX); entry !== ""; entry = this.#skip(PREFIX)) {
      if (/^[-?:]/.test(entry)) this.#column = this.#at - entry.length - lineStart;
    }
    const start = this.#at;
    if (!this.#node()) return;
    if (this.#skip(/[ \t]*:(?=\s|$)[ \t]*/y) === "") return this.#rest(start);
    this.#column = start - lineStart;
    while (this.#skip(PROPERTY) !== "");
    const value = this.#at;
    if (this.#node()) this.#rest(value);
  }

  /** Goes over a scalar or a list that stands here. False: the line was left already. */
  #node(): boolean {
    const char = this.#text[this.#at];
    if (char === "[" || char === "{") this.#flow();
    else if (char === '"' || char === "'") this.#quoted();
    else if (char === "|" || char === ">") return this.#block();
    else if (char === undefined || "#\n\r".includes(char)) return this.#toNextLine();
    else this.#plain();
    return true;
  }

  /** After a scalar or a list: a plain text goes on in the lines that are indented more. */
  #rest(start: number): void {
    const plain = !/["'[{]/.test(this.#text[start] ?? "");
    this.#toNextLine();
    if (plain) this.#indented();
  }

  #block(): false {
    this.#toNextLine();
    this.#indented();
    return false;
  }

  #indented(): void {
    const blank = /[ \t]*(?:\r?\n|$)/y;
    while (this.#at < this.#text.length) {
      const indent = this.#peek(/ */y).length;
      if (indent <= this.#column && this.#peek(blank) === "") return;
      this.#toNextLine();
    }
  }

  /** To the end of the line, a comment, or the colon of a key. */
  #plain(): void {
    for (; this.#at < this.#text.length; this.#at += 1) {
      const char = this.#text[this.#at];
      if (char === "\n") return;
      if (char === ":" && /^\s?$/.test(this.#text[this.#at + 1] ?? "")) return;
      if (char === "#" && /\s/.test(this.#text[this.#at - 1] ?? "")) return;
    }
  }

  #quoted(): void {
    const quote = this.#text[this.#at];
    this.#at += 1;
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at];
      if (quote === '"' && char === "\\") this.#at += 1;
      else if (char === quote) {
        if (quote !== "'" || this.#text[this.#at + 1] !== "'") break;
        this.#at += 1;
      }
      this.#at += 1;
    }
    this.#at += 1;
  }

  #flow(): void {
    let depth = 0;
    do {
      const char = this.#text[this.#at];
      const before = this.#text[this.#at - 1] ?? " ";
      if (char === "[" || char === "{") depth += 1;
      else if (char === "]" || char === "}") depth -= 1;
      if (char === "\n" || char === "\r" || char === "\t") this.#blank(this.#at + 1);
      else if (char === "#" && /\s/.test(before)) this.#blank(this.#lineEnd());
      else if ((char === '"' || char === "'") && /[\s,:[{]/.test(before)) this.#quoted();
      else this.#at += 1;
    } while (depth > 0 && this.#at < this.#text.length);
  }

  /** Puts spaces where the text is up to `end`. */
  #blank(end: number): void {
    this.#out.push(this.#text.slice(this.#copied, this.#at), " ".repeat(end - this.#at));
    this.#copied = end;
    this.#at = end;
  }

  #toNextLine(): false {
    this.#at = Math.min(this.#lineEnd() + 1, this.#text.length);
    return false;
  }

  #lineEnd(): number {
    const end = this.#text.indexOf("\n", this.#at);
    return end === -1 ? this.#text.length : end;
  }

  #skip(pattern: RegExp): string {
    const found = this.#peek(pattern);
    this.#at += found.length;
    return found;
  }

  #peek(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0] ?? "";
  }
}
