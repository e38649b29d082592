/** What a log says at its end when its runner did not end it. */
import { isFinished } from "../build/build.ts";
import type { Build } from "../build/build.ts";

const YELLOW = "\u001b[33;1m";
const PLAIN = "\u001b[0m";

/**
 * A line in yellow that says who ended the build and why, or "" where the runner reported the end itself. It is shown after
 * the runner's bytes and stored nowhere: offsets and checksums are those of the bytes that the runner sent.
 */
export const endNote = (build: Pick<Build, "status" | "claim" | "reported" | "erasedAtMs" | "history">): string => {
  // What no runner ever had has no log that could have been cut.
  if (!isFinished(build.status) || build.claim === null) return "";
  // A runner that reported may still have lost its log: erased is the one end that comes after that.
  if (build.reported !== null && build.erasedAtMs === null) return "";
  const entry =
    build.erasedAtMs === null
      ? build.history.find(({ status }) => isFinished(status))
      : build.history.findLast(({ event }) => event === "erase");
  return `${YELLOW}Signalbox ended this log: ${entry?.detail ?? build.status}${PLAIN}\n`;
};
