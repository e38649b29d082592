/** How much work one compile may spend, in steps. Counted, not timed, so that the same input always gives the same answer. */
export class Budget {
  #left: number;
  #spent = 0;

  constructor(steps: number) {
    this.#left = steps;
  }

  get spent(): number {
    return this.#spent;
  }

  get left(): number {
    return this.#left;
  }

  /** False when there is not enough left. Then nothing is left. */
  spend(steps: number): boolean {
    const enough = steps <= this.#left;
    this.#spent += enough ? steps : this.#left;
    this.#left = enough ? this.#left - steps : 0;
    return enough;
  }
}
