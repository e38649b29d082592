/** The one alarm that an object has, for work that may be done early but not late. */
export class EarliestAlarm {
  readonly #storage: DurableObjectStorage;
  #atMs: number | null = null;

  /**
   * The alarm of an earlier life stands: setting it anew with each start would put it off for ever. `startMs`: by when it
   * must be, from now on, if there is something left to do.
   */
  constructor(ctx: DurableObjectState, startMs: () => number | null = () => null) {
    this.#storage = ctx.storage;
    void ctx.blockConcurrencyWhile(async () => {
      this.#atMs = await ctx.storage.getAlarm();
      const byMs = startMs();
      if (byMs !== null) this.by(byMs);
    });
  }

  /** The runtime has taken the alarm away before it calls its handler. */
  fired(): void {
    this.#atMs = null;
  }

  /** Arms for `atMs`, unless it is armed for earlier. Part of this turn's writes, so it needs no waiting for. */
  by(atMs: number): void {
    if (this.#atMs !== null && this.#atMs <= atMs) return;
    this.#atMs = atMs;
    void this.#storage.setAlarm(atMs);
  }
}
