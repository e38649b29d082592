import { randomFrom } from "../clients/multipart.ts";

/** Choices that are the same ones for the same seed. */
export class Dice {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = randomFrom(seed);
  }

  /** From 0 to `below` - 1. */
  number(below: number): number {
    return Math.floor(this.#next() * below);
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  /** Throws when there is nothing to choose from. */
  one<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError("nothing to choose from");
    return list[this.number(list.length)] as T;
  }

  /** Up to `most` of the list, some of them twice. */
  some<T>(list: readonly T[], most: number): T[] {
    return Array.from({ length: this.number(most + 1) }, () => this.one(list));
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.number(256));
  }
}
