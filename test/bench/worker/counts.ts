/** Counts what Cloudflare bills, at the bindings: calls of objects, rows written, operations of R2. */

export interface Counts {
  /** Calls of objects by RPC, and their alarms. */
  objectRequests: number;
  /** Rows and index entries, as SQLite counts them, and one for each alarm that is set. */
  rowsWritten: number;
  /** Writes and lists: class A. Deletions are free. */
  r2Writes: number;
  /** Class B. */
  r2Reads: number;
}

/** Of all objects: on one machine they share an isolate. */
export const counts: Counts = { objectRequests: 0, rowsWritten: 0, r2Writes: 0, r2Reads: 0 };

/** By what was called or written, for whoever wants to know where they come from. */
export const details = new Map<string, number>();

const count = (kind: keyof Counts, what: string, n = 1): void => {
  counts[kind] += n;
  const key = `${kind} ${what}`;
  details.set(key, (details.get(key) ?? 0) + n);
};

type Methods = Readonly<Record<string, (...parameters: unknown[]) => unknown>>;

/** The same object, with `before` called at each call of a method. */
const watched = <T extends object>(
  target: T,
  before: (method: string) => void,
  after = (result: unknown) => result,
): T =>
  new Proxy(target, {
    get(object, name) {
      const member: unknown = Reflect.get(object, name, object);
      if (typeof member !== "function" || typeof name !== "string") return member;
      return (...parameters: unknown[]) => {
        before(name);
        // Not by `apply`: of a stub's method that would be a call of a remote method of this name.
        return after((object as Methods)[name]?.(...parameters));
      };
    },
  });

const countedNamespace = <T extends object>(namespace: T, className: string): T =>
  watched(
    namespace,
    () => {},
    (stub) =>
      typeof stub === "object" && stub !== null
        ? watched(stub, (method) => count("objectRequests", `${className}.${method}`))
        : stub,
  );

const R2_READS: ReadonlySet<string> = new Set(["get", "head"]);
const R2_WRITES: ReadonlySet<string> = new Set(["put", "createMultipartUpload", "list", "uploadPart", "complete"]);

const countR2 = (method: string): void => {
  if (R2_READS.has(method)) count("r2Reads", method);
  if (R2_WRITES.has(method)) count("r2Writes", method);
};

const countedBucket = (bucket: R2Bucket): R2Bucket =>
  watched(bucket, countR2, (result) =>
    result instanceof Promise
      ? result.then((value: unknown) =>
          typeof value === "object" && value !== null && "uploadPart" in value ? watched(value, countR2) : value,
        )
      : result,
  );

const environments = new WeakMap<Env, Env>();

/** The same environment, whose every use is counted. */
export const counted = (env: Env): Env => {
  const known = environments.get(env);
  if (known !== undefined) return known;
  const made: Env = {
    ...env,
    BUILDS: countedNamespace(env.BUILDS, "build"),
    QUEUES: countedNamespace(env.QUEUES, "queue"),
    PROJECTS: countedNamespace(env.PROJECTS, "project"),
    DIRECTORY: countedNamespace(env.DIRECTORY, "directory"),
    ARTIFACTS: countedBucket(env.ARTIFACTS),
  };
  environments.set(env, made);
  return made;
};

/** Counts the rows that an object writes from here on; `owner` names it in the details. */
export const countRows = (ctx: DurableObjectState, owner: string): DurableObjectState => {
  const { storage } = ctx;
  const exec = storage.sql.exec.bind(storage.sql);
  storage.sql.exec = ((query: string, ...bindings: unknown[]) => {
    const cursor = exec(query, ...bindings);
    // Most statements have run to their end by now; a cursor that is still read writes nothing.
    if (cursor.rowsWritten > 0) count("rowsWritten", `${owner} ${query.trim().slice(0, 40)}`, cursor.rowsWritten);
    return cursor;
  }) as typeof storage.sql.exec;
  const setAlarm = storage.setAlarm.bind(storage);
  storage.setAlarm = (...parameters) => {
    count("rowsWritten", `${owner} setAlarm`);
    return setAlarm(...parameters);
  };
  return ctx;
};

export const countAlarm = (owner: string): void => count("objectRequests", `${owner}.alarm`);
