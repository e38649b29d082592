/**
 * What a pattern would cost, found without compiling it. RE2 copies what a repetition repeats, and a class of Unicode
 * becomes thousands of ranges: `(x{30}){30}` is short and large.
 */
export interface PatternSize {
  /** About how many instructions it has. */
  readonly instructions: number;
  /** How many classes may have many ranges. */
  readonly wideClasses: number;
  /**
   * A pattern that is valid exactly when this one is, and cheap to compile: repetitions repeat once, classes of Unicode
   * are `\d`, case counts.
   */
  readonly outline: string;
  /** Names of classes, as `\p{Greek}`, which the outline doesn't have. */
  readonly classNames: ReadonlySet<string>;
}

/** RE2's bound, also of repetitions in repetitions. */
const MAX_REPEAT = 1_000;

const REPEAT = /\{(\d+)(,?)(\d*)\}/y;
const FLAGS = /\(\?([imsU-]*)([:)])/y;
const CLASS_NAME = /\\[pP](?:\{[^}]*\}|[^{])/y;
const QUOTED = /\\Q(?:(?!\\E)[^])*(?:\\E|$)/y;
const ESCAPE = /\\(?:x\{[^}]*\}|[^])/y;
const NAMED_RANGE = /\[:[^:\]]*:\]/y;

/** What a group has so far. */
interface Part {
  instructions: number;
  /** The largest product of counts in it. */
  repeated: number;
  /** Of what stands last: what a repetition would repeat. */
  last: { instructions: number; repeated: number };
}

const emptyPart = (): Part => ({ instructions: 0, repeated: 1, last: { instructions: 0, repeated: 1 } });

/** Null: a repetition is larger than RE2 allows. */
export const sizeOfPattern = (source: string): PatternSize | null => new Measure(source).run();

class Measure {
  readonly #source: string;
  readonly #groups: Part[] = [];
  readonly #classNames = new Set<string>();
  #part = emptyPart();
  #outline = "";
  #wide = 0;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  run(): PatternSize | null {
    while (this.#at < this.#source.length) if (!this.#step()) return null;
    const instructions = [...this.#groups, this.#part].reduce((sum, part) => sum + part.instructions, 0);
    return { instructions, wideClasses: this.#wide, outline: this.#outline, classNames: this.#classNames };
  }

  #step(): boolean {
    const char = this.#source[this.#at];
    if (char === "\\") this.#escape();
    else if (char === "[") this.#class();
    else if (char === "(") this.#open();
    else if (char === ")") this.#close();
    else if (char === "{") return this.#repeat();
    else if (char === "*" || char === "+" || char === "?") {
      this.#copy(1);
      this.#part.instructions += 1;
    } else this.#atom(1);
    return true;
  }

  #escape(): void {
    const quoted = this.#match(QUOTED);
    if (quoted !== null) {
      this.#part.instructions += quoted.length;
      this.#atom(quoted.length);
    } else if (this.#match(CLASS_NAME) === null) this.#atom(this.#match(ESCAPE)?.length ?? 1);
    else {
      this.#className();
      this.#atom(0);
    }
  }

  /** A class in brackets. It ends at the first `]` that is neither first nor part of something. */
  #class(): void {
    let wide = false;
    this.#copy(this.#source[this.#at + 1] === "^" ? 2 : 1);
    for (let first = true; this.#at < this.#source.length; first = false) {
      const char = this.#source[this.#at] ?? "";
      if (char === "]" && !first) break;
      if (this.#match(CLASS_NAME) !== null) this.#className();
      else {
        const escape = this.#match(ESCAPE) ?? this.#match(NAMED_RANGE);
        wide ||= char > "\x7f" || escape?.startsWith("\\x") === true;
        this.#copy(escape?.length ?? 1);
      }
    }
    if (wide) this.#wide += 1;
    this.#atom(1);
  }

  #className(): void {
    const name = this.#match(CLASS_NAME) ?? "";
    this.#classNames.add(name);
    this.#wide += 1;
    this.#outline += "\\d";
    this.#at += name.length;
  }

  #open(): void {
    const flags = this.#match(FLAGS);
    if (flags !== null) this.#outline += flags.replaceAll("i", "s");
    if (flags?.endsWith(")") === true) {
      this.#at += flags.length;
      return;
    }
    this.#groups.push(this.#part);
    this.#part = emptyPart();
    if (flags === null) this.#copy(1);
    else this.#at += flags.length;
    // The question mark of `(?P<name>` repeats nothing.
    if (flags === null && this.#source[this.#at] === "?") this.#copy(1);
  }

  #close(): void {
    const inner = this.#part;
    this.#part = this.#groups.pop() ?? emptyPart();
    this.#copy(1);
    this.#add(inner.instructions + 2, inner.repeated);
  }

  #repeat(): boolean {
    REPEAT.lastIndex = this.#at;
    const match = REPEAT.exec(this.#source);
    if (match === null) {
      this.#atom(1);
      return true;
    }
    const [written, low = "", comma, high = ""] = match;
    const least = Number(low);
    const most = high === "" ? least : Number(high);
    const { last } = this.#part;
    const repeated = last.repeated * Math.max(most, 1);
    if (least > most || most > MAX_REPEAT || (most >= 2 && repeated > MAX_REPEAT)) return false;
    this.#part.instructions += (last.instructions + 1) * (most + 1) - last.instructions;
    this.#part.repeated = Math.max(this.#part.repeated, repeated);
    this.#outline += `{${Math.min(least, 1)}${comma}${high === "" ? "" : Math.min(most, 1)}}`;
    this.#at += written.length;
    return true;
  }

  /** One thing that a repetition can repeat, written with this many characters. */
  #atom(length: number): void {
    this.#copy(length);
    this.#add(1, 1);
  }

  #add(instructions: number, repeated: number): void {
    this.#part.instructions += instructions;
    this.#part.repeated = Math.max(this.#part.repeated, repeated);
    this.#part.last = { instructions, repeated };
  }

  #copy(length: number): void {
    this.#outline += this.#source.slice(this.#at, this.#at + length);
    this.#at += length;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#source)?.[0] ?? null;
  }
}
