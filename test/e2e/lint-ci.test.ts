import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const lint = (...args: readonly string[]): Promise<Answer> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, ["scripts/lint-ci.ts", ...args], (_error, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });

const FILE = `
include: [{local: ci/*.yml}]
stages: [build, ship]
build: {stage: build, script: make}
docs: {stage: build, script: make docs, rules: [{changes: [docs/**]}]}
pack: {stage: ship, script: pack, rules: [{exists: [Dockerfile]}]}
release: {stage: ship, script: go, rules: [{if: $CI_COMMIT_TAG}]}
more: {stage: ship, script: go, rules: [{if: $MORE == "yes"}]}
`;

describe("npm run lint-ci", () => {
  let folder: string;

  const write = async (path: string, text: string): Promise<void> => {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "lint-ci-"));
    await write(".gitlab-ci.yml", FILE);
    await write("Dockerfile", "FROM scratch");
    await write("ci/check.yml", "check: {stage: build, script: lint}");
  });

  afterEach(() => rm(folder, { recursive: true }));

  const jobs = async (...args: readonly string[]): Promise<readonly string[]> => {
    const { out } = await lint(folder, "--json", ...args);
    return (JSON.parse(out) as { readonly jobs: readonly { readonly name: string }[] }).jobs.map(({ name }) => name);
  };

  it("shows people the pipeline of an event, with what is included and what is there", async () => {
    const { code, out } = await lint(join(folder, ".gitlab-ci.yml"), "--changes", "src/a.c");
    expect(code).toBe(0);
    expect(out).toBe("The file is valid.\n\nbuild\n  check\n  build\nship\n  pack\n");
  });

  it("asks for the event that the options describe", async () => {
    expect(await jobs("--changes", "src/a.c", "--changes", "docs/a.md")).toEqual(["check", "build", "docs", "pack"]);
    expect(await jobs("--tag", "v1", "--variable", "MORE=yes")).toEqual([
      "check",
      "build",
      "docs",
      "pack",
      "release",
      "more",
    ]);
    expect(await jobs("--static")).toEqual(["check", "build", "docs", "pack", "release", "more"]);
  });

  it("exits with 1 for a file that is not valid, and says what is wrong", async () => {
    await write(".gitlab-ci.yml", "a: {script: x, need: []}");
    const { code, out } = await lint(folder);
    expect(code).toBe(1);
    expect(out).toContain("jobs:a config contains unknown keys: need");
    expect(JSON.parse((await lint(folder, "--json")).out)).toMatchObject({ valid: false, jobs: [], plan: null });
  });

  it("exits with 2 where it can't be asked", async () => {
    const asked = [
      [],
      [join(folder, "none.yml")],
      [folder, "--source", "wind"],
      [folder, "--variable", "A"],
      ["--what"],
    ];
    for (const args of asked) {
      // oxlint-disable-next-line no-await-in-loop -- the machine has few cores
      const { code, out, err } = await lint(...args);
      expect([code, out, err === ""]).toEqual([2, "", false]);
    }
  });

  it("reads nothing that is linked from elsewhere, or beside the repository", async () => {
    const other = await mkdtemp(join(tmpdir(), "lint-ci-other-"));
    await writeFile(join(other, "x.yml"), "secret: {script: x}");
    await symlink(join(other, "x.yml"), join(folder, "linked.yml"));
    for (const path of ["linked.yml", `../${other.split("/").at(-1)}/x.yml`]) {
      // oxlint-disable-next-line no-await-in-loop -- one file, two texts
      await write(".gitlab-ci.yml", `include: ${path}\na: {script: x}`);
      // oxlint-disable-next-line no-await-in-loop
      const { code, out } = await lint(folder);
      expect([code, out]).toEqual([1, expect.stringContaining("does not exist")]);
    }
    await rm(other, { recursive: true });
  });
});
