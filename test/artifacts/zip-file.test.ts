/** One file out of an archive in R2. */
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { openZipFile } from "../../src/artifacts/zip-file.ts";
import { archiveOf } from "../tools/zip-archive.ts";
import type { ArchiveFile, ArchiveOptions } from "../tools/zip-archive.ts";

const stored = async (archive: Uint8Array): Promise<{ key: string; sizeBytes: number }> => {
  const key = crypto.randomUUID();
  await env.ARTIFACTS.put(key, archive);
  return { key, sizeBytes: archive.byteLength };
};

const open = async (archive: Uint8Array, path: string) => {
  const { key, sizeBytes } = await stored(archive);
  return openZipFile(env.ARTIFACTS, key, sizeBytes, path);
};

const textOf = async (archive: Uint8Array, path: string): Promise<string> => {
  const file = await open(archive, path);
  if (!file.ok) throw new Error(JSON.stringify(file.refusal));
  const text = await new Response(file.value.body).text();
  expect(Buffer.byteLength(text)).toBe(file.value.sizeBytes);
  return text;
};

const LONG = "line of a report\n".repeat(50_000);
const FILES: readonly ArchiveFile[] = [
  { name: "out/", content: "", method: 0 },
  { name: "out/report.txt", content: LONG },
  { name: "out/plain.txt", content: "as it is", method: 0 },
  { name: "./with-a-dot.txt", content: "found all the same" },
  { name: "ünïcode/文.txt", content: "ünï" },
  { name: "empty.txt", content: "", method: 0 },
  { name: "empty-deflated.txt", content: "" },
  { name: "out/report.txt", content: "the second of this name" },
];

describe.each<[kind: string, files: readonly ArchiveFile[], options: ArchiveOptions]>([
  ["an archive", FILES, {}],
  [
    "an archive with a comment",
    FILES,
    { comment: "PK\u0005\u0006 is in it, and much more after that, for twenty-two bytes" },
  ],
  ["an archive of zip64", FILES.map((file) => ({ ...file, isWide: true })), { isWide: true }],
  ["an archive whose end alone is of zip64", FILES, { isWide: true }],
])("of %s", (_kind, files, options) => {
  it.each([
    ["out/report.txt", LONG],
    ["out/plain.txt", "as it is"],
    ["with-a-dot.txt", "found all the same"],
    ["ünïcode/文.txt", "ünï"],
    ["empty.txt", ""],
    ["empty-deflated.txt", ""],
  ])("%s is read", async (path, content) => {
    expect(await textOf(archiveOf(files, options), path)).toBe(content);
  });

  it.each([["report.txt"], ["out/report"], ["OUT/report.txt"], ["out/report.txt/"], ["none"]])(
    "%s is not there",
    async (path) => {
      expect(await open(archiveOf(files, options), path)).toMatchObject({ refusal: { reason: "not_found" } });
    },
  );
});

it("a file among a hundred thousand is found, however the directory is cut into pieces", async () => {
  const many = Array.from({ length: 70_000 }, (_, at) => ({ name: `d/${at}.txt`, content: `${at}`, method: 0 }));
  const archive = archiveOf(many, { isWide: true });
  expect(await textOf(archive, "d/69999.txt")).toBe("69999");
  expect(await textOf(archive, "d/0.txt")).toBe("0");
});

const invalid = (message: string) => ({ ok: false, refusal: { reason: "invalid", field: "artifacts", message } });

it.each<[what: string, archive: Uint8Array, message: string]>([
  ["is no zip", new TextEncoder().encode("this is no zip, of twenty-two bytes and more"), "archive is no zip"],
  ["is shorter than any zip", new Uint8Array([1, 2, 3]), "archive is no zip"],
  ["ends early", archiveOf(FILES).slice(0, -1), "archive is no zip"],
  ["says that its directory begins after it", archiveOf(FILES, { said: { offset: 2 ** 31 } }), "archive is no zip"],
  [
    "says that its directory is longer than itself",
    archiveOf(FILES, { said: { sizeBytes: 2 ** 31 } }),
    "archive is no zip",
  ],
  ["says so by zip64", archiveOf(FILES, { isWide: true, said: { offset: 2 ** 60 } }), "archive is no zip"],
  [
    "says that it has a million files",
    archiveOf(FILES, { isWide: true, said: { entries: 1_000_000 } }),
    "archive has too many files to find one",
  ],
  ["has something else for its directory", archiveOf(FILES, { said: { offset: 0 } }), "archive has a broken directory"],
  ["is encrypted", archiveOf([{ name: "a", content: "x", flags: 1 }]), "archive has this file encrypted"],
  [
    "is compressed by another method",
    archiveOf([{ name: "a", content: "x", method: 12 }]),
    "archive has this file compressed by method 12, of which only 0 and 8 are known here",
  ],
  ...(
    [
      ["begins beyond the directory", { offset: 2 ** 31 }],
      ["begins where no file does", { offset: 3 }],
      ["goes beyond the directory", { compressedBytes: 5000 }],
      ["is stored in another size", { sizeBytes: 5 }],
    ] as const
  ).map(([what, said]): [string, Uint8Array, string] => [
    what,
    archiveOf([{ name: "a", content: "x", method: 0, said }]),
    "archive doesn't have this file where it says",
  ]),
])("a file of an archive that %s is refused", async (_what, archive, message) => {
  expect(await open(archive, "a")).toEqual(invalid(message));
});

it("a file that says to be too large is refused before it is read", async () => {
  const archive = archiveOf([{ name: "a", content: "x", said: { sizeBytes: 2 ** 31 } }]);
  expect(await open(archive, "a")).toMatchObject({ refusal: { reason: "too_large", sizeBytes: 2 ** 31 } });
});

it.each([
  ["more", { sizeBytes: 100 }],
  ["less", { sizeBytes: 10_000_000 }],
])("a file that inflates to %s than it says breaks off", async (_what, said) => {
  const file = await open(archiveOf([{ name: "a", content: "0".repeat(1_000_000), said }]), "a");
  if (!file.ok) throw new Error("refused");
  await expect(new Response(file.value.body).arrayBuffer()).rejects.toThrow();
});

it("what is no deflated text breaks off", async () => {
  const archive = archiveOf([{ name: "a", content: "x".repeat(1000), said: { compressedBytes: 3 } }]);
  const file = await open(archive, "a");
  if (!file.ok) throw new Error("refused");
  await expect(new Response(file.value.body).arrayBuffer()).rejects.toThrow();
});

it("a file is inflated no faster than it is read, and not at all when nobody reads on", async () => {
  const zeros = new Uint8Array(64 * 1024 * 1024);
  const { key, sizeBytes } = await stored(archiveOf([{ name: "a", content: zeros }]));
  const file = await openZipFile(env.ARTIFACTS, key, sizeBytes, "a");
  if (!file.ok) throw new Error("refused");
  const reader = file.value.body.getReader();
  const first = await reader.read();
  expect(first.value?.byteLength).toBeLessThanOrEqual(1024 * 1024);
  await reader.cancel();
});

it("the archive is never read as a whole", async () => {
  const noise = crypto.getRandomValues(new Uint8Array(60_000));
  const large = Array.from({ length: 40 }, (_, at) => ({ name: `noise/${at}`, content: noise, method: 0 }));
  const { key, sizeBytes } = await stored(archiveOf([...large, { name: "small.txt", content: "small" }]));
  const lengths: number[] = [];
  const get = vi.fn<typeof env.ARTIFACTS.get>(async (name, options) => {
    lengths.push((options as { range: { length: number } }).range.length);
    return env.ARTIFACTS.get(name, options);
  });
  const file = await openZipFile({ get } as unknown as R2Bucket, key, sizeBytes, "small.txt");
  if (!file.ok) throw new Error("refused");
  expect(await new Response(file.value.body).text()).toBe("small");
  expect(lengths).toHaveLength(4);
  expect(lengths.reduce((sum, length) => sum + length, 0)).toBeLessThan(sizeBytes / 10);
});

it("an archive that is gone from storage has no files", async () => {
  expect(await openZipFile(env.ARTIFACTS, "none", 1000, "a")).toMatchObject({ refusal: { reason: "not_found" } });
});
