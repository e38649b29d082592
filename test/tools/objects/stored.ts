/** All that is stored anywhere, so that a test can say that nothing has changed. */
import { listDurableObjectIds, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";

/** Not the metrics, which count what is refused as well. */
const NAMESPACES = { BUILDS: env.BUILDS, QUEUES: env.QUEUES, PROJECTS: env.PROJECTS, DIRECTORY: env.DIRECTORY };

/**
 * When somebody was last heard of, or has read, which refused requests and reads may change; and the debts that are written
 * with that, of which some are paid.
 */
const CONTACT_COLUMNS = new Set(["contacted_at_ms", "last_contact_at_ms", "asked_at_ms", "watched_until_ms", "owed"]);

const textOf = (value: SqlStorageValue): string =>
  value instanceof ArrayBuffer ? Buffer.from(value).toString("hex") : JSON.stringify(value);

const rowText = (row: Record<string, SqlStorageValue>): string =>
  Object.entries(row)
    .filter(([column]) => !CONTACT_COLUMNS.has(column))
    .map(([column, value]) => `${column}=${textOf(value)}`)
    .join(" ");

const rowsIn = ({ sql }: DurableObjectStorage): string[] => {
  const tables = sql
    .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    .toArray();
  return tables
    .filter(({ name }) => !name.startsWith("_cf_") && !name.startsWith("sqlite_"))
    .flatMap(({ name }) =>
      sql
        .exec(`SELECT * FROM "${name}"`)
        .toArray()
        .map((row) => `${name}: ${rowText(row)}`),
    );
};

const allObjects = async () => {
  const objects = await Promise.all(
    Object.entries(NAMESPACES).map(async ([name, namespace]) => {
      const ids = await listDurableObjectIds(namespace as DurableObjectNamespace);
      return ids.map((id) => ({
        name: `${name}/${id.toString()}`,
        stub: (namespace as DurableObjectNamespace).get(id),
      }));
    }),
  );
  return objects.flat();
};

/** Runs the builds' alarms: what uploads that were given up have left behind goes now. */
const sweep = async (): Promise<void> => {
  for (const id of await listDurableObjectIds(env.BUILDS)) await runDurableObjectAlarm(env.BUILDS.get(id));
};

/** One line per row and per object in R2; of each Durable Object a line that names it. Sorted. */
export const stored = async (): Promise<string[]> => {
  await sweep();
  const lines: string[] = [];
  for (const { name, stub } of await allObjects()) {
    const rows = await runInDurableObject(stub, (_instance, state) => rowsIn(state.storage));
    lines.push(name, ...rows.map((row) => `${name} ${row}`));
  }
  for (const { key, etag } of (await env.ARTIFACTS.list()).objects) lines.push(`R2 ${key} ${etag}`);
  return lines.toSorted();
};
