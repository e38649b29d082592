import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { expect, test } from "vitest";

interface LockedPackage {
  readonly version: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly bin?: Readonly<Record<string, string>>;
}

const read = async <T>(file: string): Promise<T> =>
  JSON.parse(await readFile(resolve(import.meta.dirname, "../..", file), "utf8")) as T;

const lockedPackages = async (): Promise<[path: string, LockedPackage][]> => {
  const lock = await read<{ packages: Record<string, LockedPackage> }>("package-lock.json");
  return Object.entries(lock.packages).filter(([path]) => path !== "");
};

test("every package that npm ci installs is in the lock file with its hash", async () => {
  const without = (await lockedPackages()).filter(([, { integrity }]) => !integrity?.startsWith("sha512-"));

  expect(without.map(([path]) => path)).toEqual([]);
});

/** Their scripts only check or link what is in the lock file. A script that fetches more would fetch it without a hash. */
test("no package but esbuild and workerd runs a script when it is installed", async () => {
  const names = (await lockedPackages())
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length));

  expect(new Set(names)).toEqual(new Set(["esbuild", "workerd"]));
});

test("npm scripts run on the Node of the lock file", async () => {
  const locked = (await lockedPackages()).filter(([, { bin }]) => bin !== undefined && "node" in bin);
  const own = locked.find(([path]) => path.endsWith(`-${process.platform}-${process.arch}`));

  expect(locked.length).toBeGreaterThan(1);
  expect(own?.[1].version).toBe(process.versions.node);
});
