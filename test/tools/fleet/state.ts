/** What a server has on disk, read from the databases themselves. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** An alarm may be as late as this before something is said to be left behind. */
const OVERDUE_MS = 120_000;

type Row = Record<string, string | number | null>;

/** Calls `look` with a query for each database of these objects. */
const eachObject = (folder: string, look: (query: (sql: string) => Row[]) => void): void => {
  const files = readdirSync(folder).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  for (const file of files) {
    const database = new DatabaseSync(join(folder, file), { readOnly: true });
    look((sql) => database.prepare(sql).all() as Row[]);
    database.close();
  }
};

/**
 * Objects in R2 that no build knows, artifacts without their object, and rows that should be gone: for a state in which all
 * builds have ended. Uploads that a kill broke off are a build's own for an hour, and are not counted.
 */
export const findLeaks = (stateDir: string): string[] => {
  const leaks: string[] = [];
  const nowMs = Date.now();
  const state = join(stateDir, "v3");
  const stored = new Set<string>();
  const unfinished = new Set<string>();
  eachObject(join(state, "r2/miniflare-R2BucketObject"), (query) => {
    for (const { key } of query("SELECT key FROM _mf_objects")) stored.add(String(key));
    for (const { key } of query("SELECT key FROM _mf_multipart_uploads WHERE state = 0")) unfinished.add(String(key));
  });
  const known = new Set<string>();
  const owed = (of: string, destinations: readonly Row[]): void => {
    for (const { destination } of destinations) leaks.push(`${of} owes ${destination} a message`);
  };
  eachObject(join(state, "do/signalbox-BuildObject"), (query) => {
    const [build] = query("SELECT id, finished_at_ms FROM build");
    const name = `build ${build?.["id"]}`;
    owed(name, query("SELECT key AS destination FROM build, json_each(build.owed)"));
    for (const { r2_key, state, delete_at_ms } of query("SELECT r2_key, state, delete_at_ms FROM artifact")) {
      known.add(String(r2_key));
      if (state === "current" && !stored.has(String(r2_key))) leaks.push(`${name}: ${r2_key} is not in R2`);
      if (delete_at_ms !== null && Number(delete_at_ms) < nowMs - OVERDUE_MS)
        leaks.push(`${name}: ${r2_key} is overdue`);
    }
    const isOld = Number(build?.["finished_at_ms"] ?? nowMs) < nowMs - OVERDUE_MS;
    if (isOld && query("SELECT 1 FROM trace LIMIT 1").length > 0) leaks.push(`${name}: its log has not moved to R2`);
  });
  eachObject(join(state, "do/signalbox-QueueObject"), (query) => {
    owed("the queue", query("SELECT destination FROM outbox"));
    for (const { build_id } of query("SELECT build_id FROM build")) leaks.push(`the queue still has build ${build_id}`);
  });
  eachObject(join(state, "do/signalbox-ProjectObject"), (query) =>
    owed("a project", query("SELECT destination FROM outbox")),
  );
  for (const key of [...stored, ...unfinished]) if (!known.has(key)) leaks.push(`nobody knows ${key} in R2`);
  return leaks;
};

/**
 * What is in R2, the parts of unfinished uploads included. An upload without parts is none of ours: R2 ends it by itself.
 * The server may be running.
 */
export const storedInR2 = (stateDir: string): string[] => {
  const keys: string[] = [];
  eachObject(join(stateDir, "v3", "r2/miniflare-R2BucketObject"), (query) => {
    const parts =
      "SELECT DISTINCT key FROM _mf_multipart_uploads JOIN _mf_multipart_parts USING (upload_id) WHERE state = 0";
    for (const { key } of [...query("SELECT key FROM _mf_objects"), ...query(parts)]) keys.push(String(key));
  });
  return keys;
};
