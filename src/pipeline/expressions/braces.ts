/**
 * `{a,b}` in a glob, as Ruby's `File.fnmatch` expands it with FNM_EXTGLOB: the first group, then what comes of it again.
 * Nested ones and empty choices count; with a brace that isn't closed nothing comes of it.
 */

const MAX_EXPANSIONS = 1_000;
const MAX_CHARACTERS = 100_000;

/** Null where there would be too many, or too long ones: `{a,b}{a,b}…` doubles with each group. */
export const expandBraces = (glob: string): readonly string[] | null => {
  const expanded: string[] = [];
  const waiting = [glob];
  let characters = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    characters += next.length;
    if (characters > MAX_CHARACTERS || expanded.length + waiting.length >= MAX_EXPANSIONS) return null;
    const group = firstGroup(next);
    if (group === "none") expanded.push(next);
    else if (group !== "open") {
      const [before, after] = [next.slice(0, group.open), next.slice(group.close + 1)];
      const choices = choicesIn(next, group);
      if ((choices.length - 1) * (before.length + after.length) > MAX_CHARACTERS) return null;
      for (const choice of choices.toReversed()) waiting.push(`${before}${choice}${after}`);
    }
  }
  return expanded;
};

interface Group {
  readonly open: number;
  readonly close: number;
}

const firstGroup = (glob: string): Group | "none" | "open" => {
  let open = -1;
  let depth = 0;
  for (let at = 0; at < glob.length; at += 1) {
    const char = glob[at];
    if (char === "\\") at += 1;
    else if (char === "{") {
      if (depth === 0) open = at;
      depth += 1;
    } else if (char === "}" && open >= 0) {
      depth -= 1;
      if (depth === 0) return { open, close: at };
    }
  }
  return open < 0 ? "none" : "open";
};

const choicesIn = (glob: string, { open, close }: Group): readonly string[] => {
  const choices: string[] = [];
  let start = open + 1;
  let depth = 0;
  for (let at = start; at < close; at += 1) {
    const char = glob[at];
    if (char === "\\") at += 1;
    else if (char === "{") depth += 1;
    else if (char === "}") depth -= 1;
    else if (char === "," && depth === 0) {
      choices.push(glob.slice(start, at));
      start = at + 1;
    }
  }
  return [...choices, glob.slice(start, close)];
};
