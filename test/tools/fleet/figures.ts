/** Durations as they were measured. */
export class Samples {
  readonly #values: number[] = [];

  add(ms: number): void {
    this.#values.push(ms);
  }

  get count(): number {
    return this.#values.length;
  }

  /** In milliseconds, as `12 ms`; `-` without any sample. `share`: 0.5 for the median. */
  percentile(share: number): string {
    const sorted = this.#values.toSorted((a, b) => a - b);
    const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
    return value === undefined ? "-" : `${Math.round(value)} ms`;
  }
}

/** From the sending of a creation to the claim's answer at a runner, which may come before the creation's own. */
export class PickUps {
  readonly times = new Samples();
  readonly #claimedAt = new Map<number, number>();
  readonly #createdAt = new Map<number, number>();

  /** `sentAt`: null for one that doesn't count. */
  created(buildId: number, sentAt: number | null): void {
    const claimedAt = this.#claimedAt.get(buildId);
    this.#claimedAt.delete(buildId);
    if (sentAt === null) return;
    if (claimedAt === undefined) this.#createdAt.set(buildId, sentAt);
    else this.times.add(claimedAt - sentAt);
  }

  claimed(buildId: number): void {
    const createdAt = this.#createdAt.get(buildId);
    if (createdAt === undefined) this.#claimedAt.set(buildId, performance.now());
    else this.times.add(performance.now() - createdAt);
    this.#createdAt.delete(buildId);
  }
}
