/** The processes of a group, as Linux tells of them: how a server of ours is ended, and what it holds. */
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

const GONE_LIMIT_MS = 10_000;
const LOOK_EVERY_MS = 50;

interface Member {
  readonly pid: string;
  readonly name: string;
}

export const killGroup = (group: number): void => {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // Nobody is left.
  }
};

/** A dead process whose parent died first keeps its entry until init looks, which may take seconds: it isn't listed. */
const membersOf = async (group: number): Promise<Member[]> => {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const members = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
      // The second field is the program's name in brackets and may hold anything.
      const nameEnd = stat.lastIndexOf(")");
      const [state, , processGroup] = stat.slice(nameEnd + 2).split(" ");
      const isMember = processGroup === `${group}` && state !== "Z" && state !== "X";
      return isMember ? [{ pid, name: stat.slice(stat.indexOf("(") + 1, nameEnd) }] : [];
    }),
  );
  return members.flat();
};

const isRunning = async (group: number): Promise<boolean> => {
  try {
    process.kill(-group, 0);
  } catch {
    return false;
  }
  return process.platform !== "linux" || (await membersOf(group)).length > 0;
};

/** Throws when some of it still runs after ten seconds. */
export const waitUntilGone = async (group: number): Promise<void> => {
  const deadline = Date.now() + GONE_LIMIT_MS;
  while (await isRunning(group)) {
    if (Date.now() > deadline) throw new Error(`process group ${group} outlived SIGKILL`);
    await delay(LOOK_EVERY_MS);
  }
};

/** Resident memory of the group's processes of this name, in bytes; 0 when there is none. Linux only. */
export const residentBytes = async (group: number, name: string): Promise<number> => {
  const members = (await membersOf(group)).filter((member) => member.name === name);
  const sizes = await Promise.all(
    members.map(async ({ pid }) => {
      const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
};
