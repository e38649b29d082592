/** What is wrong with a file. All problems of a file are told at once, in the order in which they were found. */
export interface Problem {
  readonly kind: "error" | "warning";
  /** Names job and key as GitLab does: `jobs:build:needs config …`. */
  readonly message: string;
  /** The file that it stands in, if it is known. */
  readonly file?: string;
}

/** What is told beyond these is dropped: nobody reads more, and a hostile file could make millions. */
const MAX_PROBLEMS = 1_000;

/** Where a value stands. Readers tell their problems to it. */
export class Place {
  /** `jobs:build:script`; empty for the file itself. */
  readonly path: string;
  readonly #problems: Problem[];
  readonly #file: string | undefined;
  readonly #subject: string;

  constructor(problems: Problem[], path = "", file?: string, subject = "config") {
    this.path = path;
    this.#problems = problems;
    this.#file = file;
    this.#subject = subject;
  }

  /** The place of what stands under `key` here, where GitLab gives it a place of its own: `jobs:build:script config …`. */
  at(key: string): Place {
    return new Place(this.#problems, this.path === "" ? key : `${this.path}:${key}`, this.#file);
  }

  /** The place of what stands under `key` here, where GitLab names it by the place that it is in: `jobs:build when …`. */
  attribute(key: string): Place {
    return new Place(this.#problems, this.path, this.#file, key.replaceAll("_", " "));
  }

  /** The same place, whose problems are told elsewhere. */
  tellingTo(problems: Problem[]): Place {
    return new Place(problems, this.path, this.#file, this.#subject);
  }

  /** Tells an error about the value itself: `should be a string`. Returns undefined, so that a reader can return what it returns. */
  invalid(text: string): undefined {
    this.error(`${this.#subject} ${text}`);
  }

  /** Tells an error whose text says itself what it is about. */
  errorWithoutPlace(text: string): undefined {
    this.#tell("error", text);
  }

  /** Tells an error. Returns undefined, so that a reader can return what it returns. */
  error(text: string): undefined {
    this.#tell("error", this.path === "" ? text : `${this.path} ${text}`);
  }

  /** Tells of something that is taken, but may surprise. */
  warn(text: string): undefined {
    this.#tell("warning", this.path === "" ? text : `${this.path} ${text}`);
  }

  /** Tells what was told of the same value at another place, as of this one. */
  repeat({ kind, message }: Problem, otherPath: string): void {
    this.#tell(kind, `${this.path}${message.slice(otherPath.length)}`);
  }

  #tell(kind: Problem["kind"], message: string): void {
    if (this.#problems.length >= MAX_PROBLEMS) return;
    this.#problems.push({ kind, message, ...(this.#file === undefined ? {} : { file: this.#file }) });
  }
}
