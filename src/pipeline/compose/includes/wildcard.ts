import type { Work } from "../work.ts";

/**
 * The paths that `include:local` with stars means, in their order: `*` stands for anything within a folder, `**` for
 * anything. All other characters are themselves. It takes pattern × path steps at most, whatever the pattern.
 */
export const matchingPaths = (pattern: string, paths: readonly string[], work: Work): readonly string[] => {
  const parts = pattern.split(/(\*\*|\*)/);
  const first = parts[0] ?? "";
  const last = parts.at(-1) ?? "";
  work.spend(paths.length);
  return paths.filter((path) => {
    if (!path.startsWith(first) || !path.endsWith(last)) return false;
    work.spend((parts.length * path.length) / 4);
    return matches(parts, path);
  });
};

/** Goes through the pattern with all the places of the path where what was read so far can end. */
const matches = (parts: readonly string[], path: string): boolean => {
  let ends = new Set([0]);
  for (const part of parts) {
    const next = new Set<number>();
    if (part === "**") anything(ends, path, next);
    else if (part === "*") withinFolder(ends, path, next);
    else for (const end of ends) if (path.startsWith(part, end)) next.add(end + part.length);
    if (next.size === 0) return false;
    ends = next;
  }
  return ends.has(path.length);
};

const anything = (ends: ReadonlySet<number>, path: string, next: Set<number>): void => {
  for (const start of ends) for (let end = start; end <= path.length && !next.has(end); end += 1) next.add(end);
};

const withinFolder = (ends: ReadonlySet<number>, path: string, next: Set<number>): void => {
  for (const start of ends) {
    for (let end = start; !next.has(end); end += 1) {
      next.add(end);
      if (end >= path.length || path[end] === "/") break;
    }
  }
};
