/** Resolves when `work` has, or after `ms`; the timer doesn't outlive it. `work` never rejects. */
export const waitAtMost = (work: Promise<unknown>, ms: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void work.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });

/** The outcome of `work`, or a rejection after `ms`. `work` itself goes on: what it still does must be harmless. */
export const failsAfter = <T>(work: Promise<T>, ms: number): Promise<T> => {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(() => limit.reject(new Error(`no answer within ${ms} ms`)), ms);
  return Promise.race([work, limit.promise]).finally(() => clearTimeout(timer));
};
