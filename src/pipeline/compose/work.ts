import { TOO_BIG } from "../yaml/size.ts";

/** Ends composing as a whole. It is caught where composing begins, and its message becomes the config's one error. */
export class ComposeError extends Error {}

/**
 * Bounds what composing does, whatever a file says: each key that is copied, parent that is visited and path that is
 * compared is a step. A 500-job file with deep `extends` takes some 20,000.
 */
export class Work {
  #left: number;

  constructor(steps = 2_000_000) {
    this.#left = steps;
  }

  /** @throws ComposeError when nothing is left. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new ComposeError(TOO_BIG);
  }
}
