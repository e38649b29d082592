import type { Problem } from "../problem.ts";
import type { Reader } from "./reader.ts";

interface Known {
  readonly path: string;
  readonly result: unknown;
  readonly problems: readonly Problem[];
}

/**
 * Reads a value that stands in many jobs once: `default`, `extends` and anchors put the same list or hash into each of
 * them. So the work of a file grows with what is written in it, not with how often it is used.
 */
export class SharedValues {
  readonly #known = new Map<Reader<unknown>, WeakMap<object, Known>>();

  reading<T>(read: Reader<T>): Reader<T> {
    return (value, at) => {
      if (typeof value !== "object" || value === null) return read(value, at);
      const known = this.#of(read).get(value);
      if (known !== undefined) {
        for (const problem of known.problems) at.repeat(problem, known.path);
        return known.result as T | undefined;
      }
      const problems: Problem[] = [];
      const result = read(value, at.tellingTo(problems));
      this.#of(read).set(value, { path: at.path, result, problems });
      for (const problem of problems) at.repeat(problem, at.path);
      return result;
    };
  }

  #of(read: Reader<unknown>): WeakMap<object, Known> {
    const known = this.#known.get(read) ?? new WeakMap<object, Known>();
    this.#known.set(read, known);
    return known;
  }
}
