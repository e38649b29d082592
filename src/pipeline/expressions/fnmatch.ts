/**
 * Whether a glob without braces is a path, as Ruby's `File.fnmatch` says with FNM_PATHNAME and FNM_DOTMATCH: `*` and `?`
 * stay within a name and match a leading dot too, a whole name `**` is any number of folders, a backslash escapes.
 */

/** How many steps are left. Each comparison of a character takes one. */
export interface Steps {
  left: number;
}

/** Where in glob and path. */
interface Position {
  glob: number;
  path: number;
}

/** Null when the steps have run out. */
export const fnmatch = (glob: string, path: string, steps: Steps): boolean | null => {
  const at: Position = { glob: 0, path: 0 };
  /** After the last `**` + `/`: where the glob goes on, and where in the path the rest was tried last. */
  let retry: Position | null = null;
  for (;;) {
    if (glob.startsWith("**/", at.glob)) {
      while (glob.startsWith("**/", at.glob)) at.glob += 3;
      retry = { ...at };
    }
    if (matchName(glob, path, at, steps)) {
      at.path = endOfName(path, at.path);
      const [globEnds, pathEnds] = [at.glob >= glob.length, at.path >= path.length];
      if (globEnds && pathEnds) return true;
      if (!globEnds && !pathEnds) {
        at.glob += 1;
        at.path += 1;
        continue;
      }
    }
    if (steps.left < 0) return null;
    if (retry === null) return false;
    const end = endOfName(path, retry.path);
    if (end >= path.length) return false;
    steps.left -= end - retry.path;
    retry.path = end + 1;
    Object.assign(at, retry);
  }
};

const endOfName = (path: string, from: number): number => {
  const end = path.indexOf("/", from);
  return end === -1 ? path.length : end;
};

/**
 * Compares one name, and leaves `at` behind what it has compared. After a star at its end, the rest of the path's name
 * is not compared. Only the last star is tried again, so that it takes at most the product of both lengths.
 */
const matchName = (glob: string, path: string, at: Position, steps: Steps): boolean => {
  let star: Position | null = null;
  for (;;) {
    steps.left -= 1;
    if (steps.left < 0) return false;
    const pathEnds = endsAt(path, at.path);
    if (glob[at.glob] === "*") {
      while (glob[at.glob] === "*") at.glob += 1;
      const next = unescaped(glob, at.glob);
      if (endsAt(glob, next)) {
        at.glob = next;
        return true;
      }
      if (pathEnds) return false;
      star = { ...at };
      continue;
    }
    const after = afterCharacter(glob, path, at, steps);
    if (after === "ends") return true;
    if (after !== null) Object.assign(at, after);
    else if (pathEnds || star === null) return false;
    else {
      star.path += 1;
      Object.assign(at, star);
    }
  }
};

/** Where both go on behind one character; null if it isn't the same. */
const afterCharacter = (glob: string, path: string, at: Position, steps: Steps): Position | "ends" | null => {
  const pathEnds = endsAt(path, at.path);
  const char = glob[at.glob];
  if (char === "?") return pathEnds ? null : { glob: at.glob + 1, path: at.path + widthAt(path, at.path) };
  if (char === "[") {
    const end = pathEnds ? null : afterClass(glob, at.glob + 1, path.codePointAt(at.path) ?? 0, steps);
    return end === null ? null : { glob: end, path: at.path + widthAt(path, at.path) };
  }
  const written = unescaped(glob, at.glob);
  if (pathEnds && endsAt(glob, written)) {
    at.glob = written;
    return "ends";
  }
  if (pathEnds || endsAt(glob, written) || glob[written] !== path[at.path]) return null;
  return { glob: written + 1, path: at.path + 1 };
};

/** Behind the class if it has the character, else null. An empty one has none, and `[!]` has all. */
const afterClass = (glob: string, start: number, char: number, steps: Steps): number | null => {
  let at = start;
  const negated = glob[at] === "!" || glob[at] === "^";
  if (negated) at += 1;
  let found = false;
  while (at < glob.length) {
    steps.left -= 1;
    if (glob[at] === "]") return found === negated ? null : at + 1;
    const low = codeAt(glob, at);
    let high = low;
    if (low !== null && glob[low.end] === "-" && low.end + 1 < glob.length && glob[low.end + 1] !== "]")
      high = codeAt(glob, low.end + 1);
    if (low === null || high === null) return null;
    found ||= low.code <= char && char <= high.code;
    found ||= char === low.code || char === high.code;
    at = high.end;
  }
  return null;
};

const codeAt = (glob: string, start: number): { readonly code: number; readonly end: number } | null => {
  const at = glob[start] === "\\" ? start + 1 : start;
  const code = glob.codePointAt(at);
  return code === undefined ? null : { code, end: at + widthAt(glob, at) };
};

const endsAt = (text: string, at: number): boolean => at >= text.length || text[at] === "/";

/** Behind a backslash that escapes something. */
const unescaped = (glob: string, at: number): number => (glob[at] === "\\" && at + 1 < glob.length ? at + 1 : at);

/** A character outside of the basic plane takes two units. */
const widthAt = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
