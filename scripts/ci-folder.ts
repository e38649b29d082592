/** The repository on disk that a pipeline's file stands in, as far as the file can ask for it. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { lstat, readdir, readFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { promisify } from "node:util";
import type { FetchedInclude, IncludeRequest } from "../src/pipeline/compose/include-request.ts";

/** As much as a pipeline's file may have; what is longer is told with the file. */
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_LIST_BYTES = 256 * 1024 * 1024;

const run = promisify(execFile);

/** The nearest folder above that git keeps; without one, that of the file. */
export const rootOf = (file: string): string => {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, ".git"))) return folder;
    if (dirname(folder) === folder) return dirname(file);
  }
};

/** All that git knows or would take; where git doesn't keep the folder, all that is in it. With `/`, sorted. */
export const pathsIn = async (root: string): Promise<readonly string[]> => {
  const paths = existsSync(join(root, ".git")) ? await gitPaths(root) : await diskPaths(root);
  return [...new Set(paths)].toSorted();
};

const gitPaths = async (root: string): Promise<readonly string[]> => {
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const { stdout } = await run("git", list, { cwd: root, maxBuffer: MAX_LIST_BYTES });
  return stdout.split("\0").filter((path) => path !== "");
};

const diskPaths = async (root: string): Promise<readonly string[]> => {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll(sep, "/"),
    );
};

/** Files of the repository alone: nothing that is linked from elsewhere. */
export const fetchFrom =
  (root: string, paths: readonly string[]) =>
  async (request: IncludeRequest): Promise<FetchedInclude> => {
    if (request.kind !== "local" || !paths.includes(request.path)) return { found: false };
    const file = join(root, request.path);
    const status = await lstat(file);
    if (!status.isFile()) return { found: false };
    if (status.size > MAX_BYTES) return { found: false, reason: `Local file \`${request.path}\` is too big` };
    return { found: true, text: await readFile(file, "utf8"), repository: null };
  };
