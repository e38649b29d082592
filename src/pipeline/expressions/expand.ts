/** Replaces variables in a text as GitLab's server does before a runner sees it: `$X`, `${X}`, `%X%`. */

const VARIABLE = /\$([a-zA-Z_]\w*)|\$\{([a-zA-Z_]\w*)\}|%([a-zA-Z_]\w*)%/g;

/**
 * `$$` has no meaning here: `$$X` is a dollar and the value of X. What a value has in it is not expanded again.
 * Undefined: the text would be longer than `limit`.
 * @param value - What stands for a name; it gets what is written too, to leave it as it is.
 */
export const expandText = (
  text: string,
  limit: number,
  value: (name: string, written: string) => string,
): string | undefined => {
  const parts: string[] = [];
  let length = 0;
  let at = 0;
  for (const match of text.matchAll(VARIABLE)) {
    const [before, replaced] = [text.slice(at, match.index), value(nameIn(match), match[0])];
    length += before.length + replaced.length;
    if (length > limit) return undefined;
    parts.push(before, replaced);
    at = match.index + match[0].length;
  }
  const rest = text.slice(at);
  return length + rest.length > limit ? undefined : [...parts, rest].join("");
};

/** The names that a text asks for. */
export const namesIn = (text: string): readonly string[] => [...text.matchAll(VARIABLE)].map(nameIn);

const nameIn = (match: RegExpMatchArray): string => match[1] ?? match[2] ?? match[3] ?? "";
