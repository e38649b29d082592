/**
 * Counts how much is done, instead of timing it: how often V8 entered each block of our code and of the libraries that
 * parse for us, and how many characters and bytes the built-in functions went over that they call.
 *
 * Not counted is what happens inside a regular expression, which V8 tells nobody: a match counts as one look at its text,
 * and regexps.test.ts proves of each expression that it is no more than that, times a constant. Nor is what the runtime's
 * own parsers do (URL, JSON, FormData): they count as their text.
 */
import { Session } from "node:inspector/promises";

/** Whose blocks count. */
const COUNTED = /\/src\/|\/node_modules\/(?:hono|qs|side-channel|@fastify\/busboy|valibot)\//;

type Method = (this: unknown, ...given: unknown[]) => unknown;

/** What a call costs; `from` is where a regular expression began to look. */
type Cost = (self: unknown, given: readonly unknown[], result: unknown, from: number) => number;

const sizeOf = (value: unknown): number => {
  if (typeof value === "string" || Array.isArray(value) || ArrayBuffer.isView(value)) {
    return (value as { length?: number; byteLength?: number }).length ?? (value as ArrayBufferView).byteLength;
  }
  if (value instanceof ArrayBuffer) return value.byteLength;
  return value instanceof Map || value instanceof Set ? value.size : 0;
};

const ofSelf: Cost = (self) => sizeOf(self);
const ofResult: Cost = (_self, _given, result) => sizeOf(result);
const ofFirst: Cost = (_self, [first]) => sizeOf(first);
const ofKeys: Cost = (_self, [first]) => (typeof first === "object" && first !== null ? Object.keys(first).length : 0);
const ofPieces: Cost = (_self, [pieces]) =>
  (pieces as readonly unknown[]).reduce<number>((sum, each) => sum + sizeOf(each), 0);
/** A search goes from where it begins to what it finds. */
const ofSearch: Cost = (self, [, from], result) => {
  const end = typeof result === "number" && result >= 0 ? result : sizeOf(self);
  return Math.max(0, end - (typeof from === "number" ? from : 0));
};
const ofRange: Cost = (self, [, from = 0, until = sizeOf(self)]) => Math.max(0, Number(until) - Number(from));
const ofMatch: Cost = (self, [text], result, from) => {
  const { lastIndex, global } = self as RegExp;
  const end = Array.isArray(result)
    ? (result as unknown as RegExpExecArray).index + String(result[0]).length
    : lastIndex;
  return Math.max(1, (result ? end : sizeOf(text)) - (global ? from : 0));
};

const named = (names: string, cost: Cost): [string, Cost][] => names.split(" ").map((name) => [name, cost]);

/** Calls of constant cost are left out: at, charCodeAt, slices of texts, push, get, subarray. */
const COSTS: readonly (readonly [owner: object, costs: [string, Cost][]])[] = [
  [
    String.prototype,
    [
      ...named("replace replaceAll split match matchAll search toLowerCase toUpperCase normalize", ofSelf),
      ...named("trim trimStart trimEnd toWellFormed isWellFormed lastIndexOf localeCompare", ofSelf),
      ...named("indexOf includes", ofSearch),
      ...named("startsWith endsWith", ofFirst),
      ...named("repeat padStart padEnd concat", ofResult),
    ],
  ],
  [
    Array.prototype,
    [
      ...named("shift unshift splice reverse sort toSorted join fill lastIndexOf toReversed with copyWithin", ofSelf),
      ...named("slice concat flat toSpliced", ofResult),
      ...named("indexOf includes", ofSearch),
    ],
  ],
  [
    Object.getPrototypeOf(Uint8Array.prototype) as object,
    [
      ...named("set", ofFirst),
      ...named("slice", ofResult),
      ...named("fill", ofRange),
      ...named("join reverse sort lastIndexOf copyWithin", ofSelf),
      ...named("indexOf includes", ofSearch),
    ],
  ],
  [ArrayBuffer.prototype, named("slice transfer", ofResult)],
  [
    Buffer.prototype,
    [
      ...named("toString latin1Slice utf8Slice", ofResult),
      ...named("copy", ofSelf),
      ...named("indexOf includes", ofSearch),
    ],
  ],
  [Buffer, [...named("concat", ofPieces), ...named("from", ofFirst)]],
  [Object, named("keys values entries fromEntries assign", ofKeys)],
  [JSON, [...named("parse", ofFirst), ...named("stringify", ofResult)]],
  [TextDecoder.prototype, named("decode", ofFirst)],
  [TextEncoder.prototype, named("encode", ofFirst)],
  [RegExp.prototype, named("exec test", ofMatch)],
];

const counting = (original: Method, cost: Cost, add: (units: number) => void): Method => {
  return function (this: unknown, ...given: unknown[]): unknown {
    const from = this instanceof RegExp ? this.lastIndex : 0;
    const result = original.apply(this, given);
    add(1 + cost(this, given, result, from));
    return result;
  };
};

/** Puts a counting function in the place of each built-in one; answers how to take them out again. */
const countBuiltIns = (add: (units: number) => void): (() => void) => {
  let isCounting = false;
  // What counting calls itself doesn't count.
  const addOnce = (cost: Cost): Cost => {
    return (...call) => {
      if (isCounting) return 0;
      isCounting = true;
      const units = cost(...call);
      isCounting = false;
      return units;
    };
  };
  const undo = COSTS.flatMap(([owner, costs]) =>
    costs.map(([name, cost]) => {
      const original = Object.getOwnPropertyDescriptor(owner, name) as PropertyDescriptor;
      Object.defineProperty(owner, name, {
        ...original,
        value: counting(original.value as Method, addOnce(cost), add),
      });
      return () => Object.defineProperty(owner, name, original);
    }),
  );
  return () => undo.forEach((each) => void each());
};

/** One for all counts, as starting it costs more than most of them. */
const session = new Session();
const started = (async () => {
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
})();

/** Since the last call. */
const takeBlocks = async (): Promise<number> => {
  await started;
  const { result } = await session.post("Profiler.takePreciseCoverage");
  const counted = result.filter(({ url }) => COUNTED.test(url)).flatMap(({ functions }) => functions);
  return counted.flatMap(({ ranges }) => ranges).reduce((sum, { count }) => sum + count, 0);
};

/** Of everything that `run` does until it has ended. One at a time. */
export const countWork = async (run: () => unknown): Promise<number> => {
  await takeBlocks();
  let units = 0;
  const restore = countBuiltIns((more) => (units += more));
  try {
    await run();
  } finally {
    restore();
  }
  return units + (await takeBlocks());
};
