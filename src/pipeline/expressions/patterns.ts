/** Looks for patterns in texts. One of these serves one compile: it compiles each pattern once and bounds the work. */
import { RE2JS } from "re2js";
import { Budget } from "./budget.ts";
import { checkedSize, delimited, sourceOf } from "./pattern-syntax.ts";

/** What a pattern would cost is more than a file may ask for. */
export class PatternTooLarge extends Error {
  constructor() {
    super("the pattern is too large, or there are too many");
  }
}

const MAX_INSTRUCTIONS = 5_000;
/** What compiling costs, in steps, measured: a step is what one instruction takes for one character. */
const STEPS_PER_PATTERN = 500;
const STEPS_PER_INSTRUCTION = 40;
const STEPS_PER_WIDE_CLASS = 20_000;
/** At worst a second of work. A file with 500 jobs and ten patterns each takes a tenth of it. */
const MAX_STEPS = 5_000_000;

interface Compiled {
  readonly pattern: RE2JS;
  readonly instructions: number;
  /** Texts that were asked, and whether the pattern was found. */
  readonly found: Map<string, boolean>;
}

export class Patterns {
  readonly #compiled = new Map<string, Compiled | null>();
  readonly #budget: Budget;

  constructor(budget = new Budget(MAX_STEPS)) {
    this.#budget = budget;
  }

  /**
   * Whether the pattern is found anywhere in the text; null if it is no pattern.
   * @param pattern - In RE2's syntax, without slashes.
   * @throws PatternTooLarge
   */
  find(pattern: string, text: string): boolean | null {
    const compiled = this.#compile(pattern);
    if (compiled === null) return null;
    const known = compiled.found.get(text);
    if (known !== undefined) return known;
    this.#spend(compiled.instructions * (text.length + 1));
    const found = compiled.pattern.test(text);
    compiled.found.set(text, found);
    return found;
  }

  /** The same for `/pattern/flags`. */
  findDelimited(pattern: string, text: string): boolean | null {
    const parts = delimited(pattern);
    return parts === null ? null : this.find(sourceOf(parts), text);
  }

  #compile(source: string): Compiled | null {
    const known = this.#compiled.get(source);
    if (known !== undefined) return known;
    const compiled = this.#compileNew(source);
    this.#compiled.set(source, compiled);
    return compiled;
  }

  #compileNew(source: string): Compiled | null {
    this.#spend(STEPS_PER_PATTERN + source.length * STEPS_PER_INSTRUCTION);
    const size = checkedSize(source);
    if (size === null) return null;
    if (size.instructions > MAX_INSTRUCTIONS) throw new PatternTooLarge();
    this.#spend(size.instructions * STEPS_PER_INSTRUCTION + size.wideClasses * STEPS_PER_WIDE_CLASS);
    const pattern = RE2JS.compile(source);
    return { pattern, instructions: pattern.programSize(), found: new Map() };
  }

  #spend(steps: number): void {
    if (!this.#budget.spend(steps)) throw new PatternTooLarge();
  }
}
