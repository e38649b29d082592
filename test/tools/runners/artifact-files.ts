/** The files of a build's folder that become its artifacts, and artifacts that become files of a build's folder. */
import { glob, mkdir, readdir, readFile, realpath, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { readZip, type ZipEntry } from "../zip.ts";

const isWithin = (folder: string, path: string): boolean => path === folder || path.startsWith(folder + sep);

const filesAt = async (path: string): Promise<string[]> => {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
};

/** The files that `pattern` (a path or glob; a folder means all that is in it) names inside `folder`, sorted. */
export const matchingFiles = async (folder: string, pattern: string): Promise<string[]> => {
  const root = await realpath(folder);
  const found = new Set<string>();
  for await (const match of glob(pattern, { cwd: root })) {
    const path = await realpath(resolve(root, match));
    if (!isWithin(root, path)) continue;
    for (const file of await filesAt(path)) found.add(relative(root, file));
  }
  return [...found].toSorted();
};

/** One file at a time: an archive is never in memory as a whole. */
export async function* zipEntries(folder: string, names: Iterable<string>): AsyncGenerator<ZipEntry, void> {
  for (const name of names) {
    yield { name: name.replaceAll(sep, "/"), bytes: await readFile(join(folder, name)) };
  }
}

/** Writes the archive's files into `folder`. Throws when a name points out of it. */
export const extractZip = async (archive: Uint8Array, folder: string): Promise<void> => {
  for (const { name, bytes } of readZip(archive)) {
    const path = resolve(folder, name);
    if (!isWithin(resolve(folder), path)) throw new Error(`the archive holds a path outside of the build: ${name}`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }
};
