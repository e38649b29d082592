/**
 * Crashes at each durable write in turn, so that a write that is new is covered without anybody naming it. A write is any
 * statement but a SELECT, the commit of a `transactionSync`, a `setAlarm`, a `deleteAll`, or a call that changes the bucket. The
 * Worker itself dies as well, at its own calls to the bucket.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { AsyncLocalStorage } from "node:async_hooks";
import { vi } from "vitest";

/**
 * `before`: the write isn't made, and what else of its turn was is lost. That is also what a crash right after it would
 * leave, as long as the turn goes on: see crash-matrix.test.ts. `after`: it and all else of its turn is durable, and
 * nothing that the object says from then on is heard.
 */
export const CRASH_KINDS = ["before", "after"] as const;
export type CrashKind = (typeof CRASH_KINDS)[number];

/** For answers and deaths that are on their way. */
const PATIENCE = { timeout: 10_000, interval: 5 };

type GetStub = () => DurableObjectStub;

const never = <T>(): Promise<T> => new Promise(() => {});

/** Who may die: an object that is watched, or the Worker. */
interface Mortal {
  readonly name: string;
  readonly isMute: boolean;
  /** The promise is for the caller to wait on: it goes no further. */
  die(): Promise<never>;
}

class WatchedObject implements Mortal {
  readonly name: string;
  readonly instance: object;
  readonly getStub: GetStub;
  readonly #state: DurableObjectState;
  isMute = false;

  constructor(instance: object, state: DurableObjectState, getStub: GetStub) {
    this.name = instance.constructor.name;
    this.instance = instance;
    this.getStub = getStub;
    this.#state = state;
  }

  die(): Promise<never> {
    this.#state.abort(`${this.name} crashes`);
    return never();
  }

  /** The runtime lets answers go before `sync` resolves: they must be held back by us. */
  async dieWhenDurable(): Promise<void> {
    this.isMute = true;
    // The write and the rest of its turn come first.
    await Promise.resolve();
    await this.#state.storage.sync();
    await this.die();
  }
}

/** A crash of `victim`, by the name of its class or "Worker", at its `number`th write; by default nobody crashes. */
export class CrashPoint implements Mortal {
  readonly name = "Worker";
  readonly isMute = false;
  readonly kind: CrashKind;
  readonly #victim: string | null;
  readonly #number: number;
  /** Who died; null as long as nobody has. */
  hit: Mortal | null = null;
  /** What each has written until the crash, in its order. */
  readonly writes = new Map<string, string[]>();
  /** Rejects when the Worker dies that serves now. */
  #death = Promise.withResolvers<never>();

  constructor(kind: CrashKind = "before", victim: string | null = null, number = 0) {
    this.kind = kind;
    this.#victim = victim;
    this.#number = number;
  }

  /** Is this write the one? */
  isReached(who: Mortal, what: string): boolean {
    if (this.hit !== null) return false;
    const writes = this.writes.get(who.name) ?? [];
    this.writes.set(who.name, [...writes, what]);
    if (who.name !== this.#victim || writes.length + 1 !== this.#number) return false;
    this.hit = who;
    return true;
  }

  /** What a client sees of its request: nothing more if the Worker dies that serves it. */
  request(response: Promise<Response>): Promise<Response> {
    return Promise.race([response, this.#death.promise]);
  }

  die(): Promise<never> {
    this.#death.reject(new Error("the Worker crashes"));
    this.#death = Promise.withResolvers();
    return never();
  }
}

let active: CrashPoint | null = null;
/** Whose code this is; of nobody that is watched: the Worker's. */
const running = new AsyncLocalStorage<WatchedObject>();
const watched = new WeakMap<object, WatchedObject>();
const muffled = new WeakSet<object>();

/** A write of an object, which becomes durable with its turn. */
const write = <T>(who: WatchedObject, what: string, make: () => T): T => {
  if (active?.isReached(who, what) !== true) return make();
  void (active.kind === "before" ? who.die() : who.dieWhenDurable());
  return make();
};

/** A write to the bucket: durable when it returns, whoever makes it. */
const store = async <T>(what: string, make: () => Promise<T>): Promise<T> => {
  const who = running.getStore() ?? active;
  if (who?.isMute === true) return never();
  if (who === null || active?.isReached(who, what) !== true) return make();
  if (active.kind !== "before") await make();
  return who.die();
};

const watchStorage = (who: WatchedObject, { storage }: DurableObjectState): void => {
  const { sql } = storage;
  const exec = sql.exec.bind(sql);
  sql.exec = ((query: string, ...bindings: never[]) => {
    const make = () => exec(query, ...bindings);
    // Whatever isn't known to read counts as a write.
    if (/^\s*SELECT\b/i.test(query)) return make();
    const what = /^\s*(\w+(?: OR \w+)?(?: INTO| FROM| TABLE)? \w+)/.exec(query)?.[1] ?? query;
    return write(who, what, make);
  }) as typeof sql.exec;
  const transactionSync = storage.transactionSync.bind(storage);
  storage.transactionSync = (body) =>
    transactionSync(() => {
      const result = body();
      return write(who, "COMMIT", () => result);
    });
  const setAlarm = storage.setAlarm.bind(storage);
  storage.setAlarm = (...args) => write(who, "setAlarm", () => setAlarm(...args));
  const deleteAll = storage.deleteAll.bind(storage);
  storage.deleteAll = (...args) => write(who, "deleteAll", () => deleteAll(...args));
};

/** Has the methods of a class hold back what a mute object answers. By prototype, as RPC looks nowhere else for them. */
const muffle = (prototype: object): void => {
  if (muffled.has(prototype)) return;
  muffled.add(prototype);
  for (const [name, { value: method }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (name === "constructor" || typeof method !== "function") continue;
    const call = (self: object, args: unknown[]): unknown => Reflect.apply(method, self, args);
    const value = function (this: object, ...args: unknown[]): unknown {
      const who = watched.get(this);
      if (who === undefined) return call(this, args);
      const heard = <T>(answer: T): T | Promise<T> => (who.isMute ? never<T>() : answer);
      const answer = running.run(who, () => call(this, args));
      return answer instanceof Promise ? answer.then(heard, (error) => heard(Promise.reject(error))) : heard(answer);
    };
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  }
};

const watch = (getStub: GetStub): Promise<void> =>
  runInDurableObject(getStub(), (instance: object, state) => {
    if (watched.has(instance)) return;
    const who = new WatchedObject(instance, state, getStub);
    watched.set(instance, who);
    watchStorage(who, state);
    muffle(Object.getPrototypeOf(instance) as object);
  });

/** Calls of a mute object reach nobody. */
const deafStub = new Proxy({}, { get: () => never });
for (const namespace of [env.BUILDS, env.QUEUES, env.PROJECTS, env.DIRECTORY]) {
  const getByName = namespace.getByName.bind(namespace);
  Object.assign(namespace, {
    getByName: (name: string) => (running.getStore()?.isMute === true ? deafStub : getByName(name)),
  });
}

/** Multipart uploads that hold parts and were neither completed nor aborted. */
export const openUploads = new Set<string>();

const watchUpload = (upload: R2MultipartUpload): R2MultipartUpload => {
  const uploadPart = upload.uploadPart.bind(upload);
  const [complete, abort] = [upload.complete.bind(upload), upload.abort.bind(upload)];
  const closed = <T>(result: T): T => {
    openUploads.delete(upload.uploadId);
    return result;
  };
  upload.uploadPart = (...args) =>
    store("uploadPart", () => {
      openUploads.add(upload.uploadId);
      return uploadPart(...args);
    });
  upload.complete = (...args) => store("complete", async () => closed(await complete(...args)));
  upload.abort = () => store("abort", async () => closed(await abort()));
  return upload;
};

const bucket = env.ARTIFACTS;
const [put, remove] = [bucket.put.bind(bucket), bucket.delete.bind(bucket)];
const [createUpload, resumeUpload] = [
  bucket.createMultipartUpload.bind(bucket),
  bucket.resumeMultipartUpload.bind(bucket),
];
Object.assign(bucket, {
  put: (key: string, value: ArrayBufferView) => store("put", () => put(key, value)),
  delete: (key: string) => store("delete", () => remove(key)),
  createMultipartUpload: (key: string) =>
    store("createMultipartUpload", async () => watchUpload(await createUpload(key))),
  resumeMultipartUpload: (key: string, id: string) => watchUpload(resumeUpload(key, id)),
});

/**
 * Runs `body` with the crash in it. When it is over the one that died has been seen to be another one. Only writes of
 * `objects` and of the Worker count, up to the moment when `isQuiet` says that no more will come.
 */
export const during = async (
  point: CrashPoint,
  objects: readonly GetStub[],
  body: () => Promise<void>,
  isQuiet: () => Promise<boolean>,
): Promise<void> => {
  for (const each of objects) await watch(each);
  // What comes late of the time before is none of this point's; before there is a build, nothing does.
  await vi.waitUntil(() => isQuiet().catch(() => true), PATIENCE);
  active = point;
  try {
    await body();
    // Whom it asks may be the one that dies. Twice, since who is told that its message has arrived may write then.
    const isOver = async () => (await isQuiet()) && (await isQuiet());
    await vi.waitUntil(async () => point.hit !== null || (await isOver().catch(() => false)), PATIENCE);
  } finally {
    active = null;
  }
  if (!(point.hit instanceof WatchedObject)) return;
  const { getStub, instance } = point.hit;
  const isNew = () => runInDurableObject(getStub(), (other: object) => other !== instance);
  await vi.waitUntil(() => isNew().catch(() => false), PATIENCE);
};
