/** What the Worker and its objects log, as they do it. */
import { vi } from "vitest";

export type LogLine = Readonly<Record<string, unknown>>;

/** Collects from here on, of all levels; `restore` ends it. */
export const captureLog = () => {
  const lines: string[] = [];
  const spies = (["log", "warn", "error"] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation((...words: unknown[]) => void lines.push(words.map(String).join(" "))),
  );
  return {
    text: (): string => lines.join("\n"),
    /** Each line is one JSON object. */
    of: (event: string): LogLine[] =>
      lines.map((line) => JSON.parse(line) as LogLine).filter((line) => line["event"] === event),
    restore: (): void => spies.forEach((spy) => spy.mockRestore()),
  };
};
