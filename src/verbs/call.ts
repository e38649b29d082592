/** Calls on objects that may break under us: a deploy or an eviction cuts a stub off, a crowd overloads it. */

interface StubFault {
  readonly retryable?: boolean;
  readonly overloaded?: boolean;
  readonly remote?: boolean;
  readonly durableObjectReset?: boolean;
}

const faultOf = (error: unknown): StubFault => (error instanceof Error ? (error as StubFault) : {});

export const isOverload = (error: unknown): boolean => faultOf(error).overloaded === true;

/** Not a bug: the same call may succeed in a second. */
export const isPassingFault = (error: unknown): boolean => {
  const fault = faultOf(error);
  return fault.overloaded === true || fault.retryable === true;
};

/** Thrown by our own code in the object, and not for the object's being taken away: it would be thrown again. */
export const isBug = (error: unknown): boolean => {
  const fault = faultOf(error);
  return fault.remote === true && fault.retryable !== true && fault.durableObjectReset !== true;
};

const BACKOFF_MS = [50, 250];

/**
 * Makes an idempotent call, again where the platform says that it may be repeated; never against an overload, which
 * repeating would feed. `call` takes a fresh stub each time: a broken one stays broken.
 */
export const retrying = async <T>(call: () => Promise<T>): Promise<T> => {
  for (const waitMs of BACKOFF_MS) {
    try {
      return await call();
    } catch (error) {
      const fault = faultOf(error);
      if (fault.overloaded === true || fault.retryable !== true) throw error;
    }
    await scheduler.wait(waitMs * (0.5 + Math.random()));
  }
  return call();
};
