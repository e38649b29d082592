/**
 * The one way to write a log line: a JSON object per line, whose `event` says what happened. Fields have the same names
 * everywhere: `request_id`, `build`, `project`, `runner`, `object`, `error`. Never a secret, never a URL with its query.
 */
export const log = (level: "log" | "warn" | "error", event: string, fields: object = {}): void =>
  console[level](JSON.stringify({ event, ...fields }));
