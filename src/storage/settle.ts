/** Resolves when `work` has, or after `ms`; the timer doesn't outlive it. `work` never rejects. */
export const settleWithin = (work: Promise<unknown>, ms: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void work.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
