/** Tells the metrics object of messages that could not be delivered. Best effort: whatever fails here changes nothing. */
import { log } from "../log.ts";
import { metricsStub } from "../stubs.ts";
import { waitAtMost } from "./wait-at-most.ts";

/** How long the alarm waits for this report. */
const TELL_MS = 1000;

/** For an object's outbox: `object` is its kind, `name` which one it is. */
export const undeliveredTeller =
  (env: Env, object: "build" | "project", name: () => string) =>
  (messages: number): Promise<void> => {
    const of = name();
    log("warn", "messages_undelivered", { object, name: of, messages });
    const told = Promise.resolve().then(() => metricsStub(env).tellUndelivered(object, of, messages));
    return waitAtMost(
      told.catch(() => {}),
      TELL_MS,
    );
  };
