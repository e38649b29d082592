/** How much memory a large upload takes, over what smaller ones have taken. */
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { BenchProject } from "./coordinator.ts";
import { uploadArtifact, uploadingBuild } from "./transfer.ts";

const LOOK_EVERY_MS = 50;
const SMALL_BYTES = 300_000_000;
const LARGE_BYTES = 1_000_000_000;

/** Resident memory of the workerd that this process has started, in bytes. Linux alone. */
const residentBytes = async (): Promise<number> => {
  let bytes = 0;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    const ours = new RegExp(`^PPid:\\s+${process.pid}$`, "m").test(status) && /^Name:\s+workerd$/m.test(status);
    if (ours) bytes += Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  }
  if (bytes === 0) throw new Error("there is no workerd of ours in /proc");
  return bytes;
};

/** One look after the other until the work is over: none is left that would look when the server has been stopped. */
const peakDuring = async (work: () => Promise<void>): Promise<number> => {
  let peak = await residentBytes();
  const looking = { isOver: false };
  const watching = (async () => {
    while (!looking.isOver) {
      await delay(LOOK_EVERY_MS);
      peak = Math.max(peak, await residentBytes());
    }
  })();
  try {
    await work();
  } finally {
    looking.isOver = true;
    await watching;
  }
  return peak;
};

/** Bytes that an upload of 1 GB adds to the peak of three of 300 MB just before. With no other server running. */
export const uploadMemory = async (
  url: string,
  project: BenchProject,
): Promise<{ readonly smallPeak: number; readonly largePeak: number }> => {
  const build = await uploadingBuild(url, project);
  const smallPeak = await peakDuring(async () => {
    for (let upload = 0; upload < 3; upload++) await uploadArtifact(url, project.dialect, build, SMALL_BYTES);
  });
  const largePeak = await peakDuring(() => uploadArtifact(url, project.dialect, build, LARGE_BYTES));
  return { smallPeak, largePeak };
};
