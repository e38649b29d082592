/** Tells the metrics object of messages that could not be delivered. Best effort: whatever fails here changes nothing. */
import { metricsStub } from "../stubs.ts";
import { settleWithin } from "./settle.ts";

/** So long at most is the alarm that tells of it held up. */
const TELL_MS = 1000;

/** For an object's outbox: `object` is its kind, `name` which one it is. */
export const backlogTeller =
  (env: Env, object: "build" | "project", name: () => string) =>
  (messages: number): Promise<void> => {
    const of = name();
    console.warn(JSON.stringify({ event: "messages_undelivered", object, name: of, messages }));
    const told = Promise.resolve().then(() => metricsStub(env).tellBacklog(object, of, messages));
    return settleWithin(
      told.catch(() => {}),
      TELL_MS,
    );
  };
