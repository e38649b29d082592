/** Choices that a seed decides. */
import { randomFrom } from "../clients/multipart.ts";

export class Random {
  readonly #next: () => number;

  /** Each step has a stream of its own, so that what one step draws doesn't move the draws of those after it. */
  constructor(seed: number, step: number) {
    this.#next = randomFrom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(step + 1, 0x85ebca6b));
  }

  /** From 0 to `below`, without it. */
  int(below: number): number {
    return Math.floor(this.#next() * below);
  }

  chance(percent: number): boolean {
    return this.int(100) < percent;
  }

  pick<T>(list: readonly T[]): T | null {
    return list[this.int(list.length)] ?? null;
  }

  /** One of several that are always there. */
  one<T>(first: T, ...others: readonly T[]): T {
    return this.pick([first, ...others]) ?? first;
  }

  weighted<T extends { readonly weight: number }>(list: readonly [T, ...T[]]): T {
    let left = this.int(list.reduce((sum, each) => sum + each.weight, 0));
    for (const each of list) if ((left -= each.weight) < 0) return each;
    return list[0];
  }
}
