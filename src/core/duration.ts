/** A year is 365.25 days and a month 30, as in chronic_duration, which GitLab reads these texts with. */
const UNITS: readonly (readonly [seconds: number, words: string])[] = [
  [1, "s sec secs second seconds"],
  [60, "m min mins minute minutes"],
  [3_600, "h hr hrs hour hours"],
  [86_400, "d dy day days"],
  [604_800, "w wk wks week weeks"],
  [2_592_000, "mo mos month months"],
  [31_557_600, "y yr yrs year years"],
];

const SECONDS_PER_WORD: ReadonlyMap<string, number> = new Map(
  UNITS.flatMap(([seconds, words]) => words.split(" ").map((word) => [word, seconds] as const)),
);

/** What the places of `1:02:03` stand for, from the last one: weeks are not among them. */
const SECONDS_PER_PLACE = [1, 60, 3_600, 86_400, 2_592_000, 31_557_600];

const CLOCK = /^\d+(?::\d+){1,5}(?:\.\d+)?$/;
const TOKEN = /\d*\.?\d+|[^\s\d.,]+|\./g;
const NUMBER = /^[\d.]*\d$/;
const JOIN_WORDS = new Set(["and", "with", "plus"]);

const HUNDRED_YEARS_SECONDS = 100 * 31_557_600;

/**
 * Reads a duration as people write it for GitLab's `expire_in`: `42` (seconds), `2h20min`, `3 weeks and 2 days`,
 * `4:30`.
 * @returns seconds above 0 (fractions are possible), "never", or null for everything else: unknown words, nothing,
 * zero, or more than a hundred years
 */
export const parseDuration = (text: string): number | "never" | null => {
  const words = text.trim().toLowerCase();
  if (words === "never") return "never";
  const clock = words.replaceAll(/\s/g, "");
  const seconds = CLOCK.test(clock) ? secondsOfClock(clock) : secondsOfWords(words);
  return seconds !== null && seconds > 0 && seconds <= HUNDRED_YEARS_SECONDS ? seconds : null;
};

const secondsOfClock = (clock: string): number =>
  clock
    .split(":")
    .toReversed()
    .reduce((sum, digits, place) => sum + Number(digits) * (SECONDS_PER_PLACE[place] ?? 0), 0);

const secondsOfWords = (text: string): number | null => {
  const tokens = (text.match(TOKEN) ?? []).filter((token) => !JOIN_WORDS.has(token));
  // A text that begins with a unit means one of it: "week", "minute 30sec".
  if (SECONDS_PER_WORD.has(tokens[0] ?? "")) tokens.unshift("1");
  let sum = 0;
  for (let at = 0; at < tokens.length; at += 2) {
    const number = tokens[at] ?? "";
    const unitSeconds = SECONDS_PER_WORD.get(tokens[at + 1] ?? "s");
    if (!NUMBER.test(number) || unitSeconds === undefined) return null;
    sum += Number(number) * unitSeconds;
  }
  return sum;
};
