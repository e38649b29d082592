/** What the alarms of all objects have in common. An object has one alarm. */
import { log } from "../log.ts";

/** An alarm for work that may be done early but not late. */
export class EarliestAlarm {
  readonly #storage: DurableObjectStorage;
  #atMs: number | null = null;

  /**
   * Keeps an alarm that is set: setting it on every start would postpone it for ever. `startMs`: the latest time for it
   * after this start, or null.
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

  /** Sets the alarm for `atMs`, unless it is set for earlier. Part of this turn's writes, so it needs no waiting for. */
  by(atMs: number): void {
    if (this.#atMs !== null && this.#atMs <= atMs) return;
    this.#atMs = atMs;
    void this.#storage.setAlarm(atMs);
  }
}

/**
 * Runs the work of an alarm and sets the next one. An exception must not leave the handler: the runtime would repeat it
 * six times and then give the alarm up. `arm` gets the earliest time for the next alarm after work that failed, null
 * after work that succeeded; without that pause a message that is overdue would bring the alarm back at once, for ever.
 */
export const runAlarm = async (
  about: object,
  pauseMs: number,
  work: () => Promise<void>,
  arm: (notBeforeMs: number | null) => void,
): Promise<void> => {
  let notBeforeMs: number | null = null;
  try {
    await work();
  } catch (error) {
    log("error", "alarm_failed", { ...about, error: String(error) });
    notBeforeMs = Date.now() + pauseMs;
  } finally {
    arm(notBeforeMs);
  }
};
