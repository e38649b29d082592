const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING: ReadonlySet<number> = new Set(["[", "{"].map((bracket) => bracket.charCodeAt(0)));
const CLOSING: ReadonlySet<number> = new Set(["]", "}"].map((bracket) => bracket.charCodeAt(0)));

/** Behind the string whose opening quote is at `at`; the end of the text for one that doesn't end. */
const behindString = (text: string, at: number): number => {
  for (let next = at + 1; next < text.length; next++) {
    const code = text.charCodeAt(next);
    if (code === BACKSLASH) next++;
    else if (code === QUOTE) return next;
  }
  return text.length;
};

/** Do lists and objects of this JSON stand in each other more than `limit` times? What reads them calls itself that often. */
export const isDeeperThan = (text: string, limit: number): boolean => {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = behindString(text, at);
    else if (OPENING.has(code)) depth++;
    else if (CLOSING.has(code)) depth--;
    if (depth > limit) return true;
  }
  return false;
};
