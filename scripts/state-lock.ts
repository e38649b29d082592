/** One server per state: two of them would fight over the same databases. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { realpathSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A socket lives exactly as long as its process, however that ends; its file may stay, and answers nobody then. */
const lockPath = (stateDir: string): string => {
  const name = createHash("sha256").update(realpathSync(stateDir)).digest("hex").slice(0, 16);
  return join(tmpdir(), `signalbox-${name}.sock`);
};

const answers = async (path: string): Promise<boolean> => {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
};

/** False when another server works on this state. The lock goes with the process. */
export const lockState = async (stateDir: string): Promise<boolean> => {
  const path = lockPath(stateDir);
  if (await answers(path)) return false;
  rmSync(path, { force: true });
  const server = createServer((socket) => socket.destroy()).listen(path);
  server.unref();
  await once(server, "listening");
  return true;
};
