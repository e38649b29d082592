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
  // Plain numbers: this loop is where the work is.
  let [inGlob, inPath] = [at.glob, at.path];
  let [starInGlob, starInPath] = [-1, -1];
  for (;;) {
    steps.left -= 1;
    if (steps.left < 0) return false;
    const pathEnds = endsAt(path, inPath);
    if (glob[inGlob] === "*") {
      while (glob[inGlob] === "*") inGlob += 1;
      const next = unescaped(glob, inGlob);
      if (endsAt(glob, next)) {
        at.glob = next;
        at.path = inPath;
        return true;
      }
      if (pathEnds) return false;
      [starInGlob, starInPath] = [inGlob, inPath];
      continue;
    }
    const next = unescaped(glob, inGlob);
    if (pathEnds && endsAt(glob, next)) {
      at.glob = next;
      at.path = inPath;
      return true;
    }
    const after = pathEnds ? -1 : afterCharacter(glob, inGlob, path, inPath, steps);
    if (after >= 0) {
      inPath += isWildcard(glob, inGlob) ? widthAt(path, inPath) : 1;
      inGlob = after;
    } else if (pathEnds || starInGlob < 0) return false;
    else {
      starInPath += 1;
      [inGlob, inPath] = [starInGlob, starInPath];
    }
  }
};

/** Where the glob goes on behind what stands for the path's next character; -1 if that is another one. */
const afterCharacter = (glob: string, inGlob: number, path: string, inPath: number, steps: Steps): number => {
  const char = glob[inGlob];
  if (char === "?") return inGlob + 1;
  if (char === "[") return afterClass(glob, inGlob + 1, path.codePointAt(inPath) ?? 0, steps);
  const written = unescaped(glob, inGlob);
  return !endsAt(glob, written) && glob[written] === path[inPath] ? written + 1 : -1;
};

const isWildcard = (glob: string, at: number): boolean => glob[at] === "?" || glob[at] === "[";

/** Behind the class if it has the character, else -1. An empty one has none, and `[!]` has all. */
const afterClass = (glob: string, start: number, char: number, steps: Steps): number => {
  let at = start;
  const negated = glob[at] === "!" || glob[at] === "^";
  if (negated) at += 1;
  let found = false;
  while (at < glob.length) {
    steps.left -= 1;
    if (glob[at] === "]") return found === negated ? -1 : at + 1;
    const low = codeAt(glob, at);
    let high = low;
    if (low !== null && glob[low.end] === "-" && low.end + 1 < glob.length && glob[low.end + 1] !== "]")
      high = codeAt(glob, low.end + 1);
    if (low === null || high === null) return -1;
    found ||= low.code <= char && char <= high.code;
    found ||= char === low.code || char === high.code;
    at = high.end;
  }
  return -1;
};

const codeAt = (glob: string, start: number): { readonly code: number; readonly end: number } | null => {
  const at = glob[start] === "\\" ? start + 1 : start;
  const code = glob.codePointAt(at);
  return code === undefined ? null : { code, end: at + widthAt(glob, at) };
};

const endsAt = (text: string, at: number): boolean => at >= text.length || text[at] === "/";

/** Behind a backslash. Also the last one is not compared. */
const unescaped = (glob: string, at: number): number => (glob[at] === "\\" ? at + 1 : at);

/** A character outside of the basic plane takes two units. */
const widthAt = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
