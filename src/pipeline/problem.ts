/** What is wrong with a file. All problems of a file are told at once, in the order in which they were found. */
export interface Problem {
  readonly kind: "error" | "warning";
  /** Names job and key as GitLab does: `jobs:build:needs config …`. */
  readonly message: string;
  /** The file that it stands in, if it is known. */
  readonly file?: string;
}

/** Where a value stands. Readers tell their problems to it. */
export class Place {
  /** `jobs:build:script`; empty for the file itself. */
  readonly path: string;
  readonly #problems: Problem[];
  readonly #file: string | undefined;

  constructor(problems: Problem[], path = "", file?: string) {
    this.#problems = problems;
    this.path = path;
    this.#file = file;
  }

  /** The place of what stands under `key` here. */
  at(key: string): Place {
    return new Place(this.#problems, this.path === "" ? key : `${this.path}:${key}`, this.#file);
  }

  /** Tells an error. Returns undefined, so that a reader can return what it returns. */
  error(text: string): undefined {
    this.#tell("error", text);
  }

  /** Tells of something that is taken, but may surprise. */
  warn(text: string): undefined {
    this.#tell("warning", text);
  }

  #tell(kind: Problem["kind"], text: string): void {
    const message = this.path === "" ? text : `${this.path} ${text}`;
    this.#problems.push({ kind, message, ...(this.#file === undefined ? {} : { file: this.#file }) });
  }
}
