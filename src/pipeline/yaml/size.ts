/**
 * How large a value is once all that it shares is written out, and how deep. Values share parts (aliases, `extends`,
 * `!reference`), so that a short text can mean billions of nodes. A shared part is visited once.
 */
import { isHash, isList, type Value } from "../value.ts";

export interface Size {
  /** One per node, and one per 32 characters of text. */
  readonly size: number;
  /** 0 for a scalar. */
  readonly depth: number;
}

/** A file that is larger than this is refused. GitLab's bound, 2 MB of memory, lets a quarter of it through. */
export const MAX_FILE_SIZE = 250_000;

/** For a composed config and its jobs with what they inherit. It bounds `merged_yaml` to some 16 MB. */
export const MAX_CONFIG_SIZE = 500_000;

/** Levels of lists and hashes, as in GitLab. */
export const MAX_DEPTH = 100;

export const TOO_BIG = "The parsed YAML is too big";

export const textSize = (text: string): number => 1 + (text.length >> 5);

/** Sizes that are known already: measuring again what was seen costs nothing. */
export class Sizes {
  readonly #known = new Map<object, Size>();

  of(value: Value): Size {
    if (typeof value === "string") return { size: textSize(value), depth: 0 };
    if (!isList(value) && !isHash(value)) return ONE;
    let known = this.#known.get(value);
    if (known === undefined) {
      known = this.#measure(value);
      this.#known.set(value, known);
    }
    return known;
  }

  #measure(value: Value): Size {
    let size = 1;
    let depth = 0;
    const add = (item: Value): void => {
      const inner = this.of(item);
      size += inner.size;
      depth = Math.max(depth, inner.depth);
    };
    if (isList(value)) value.forEach(add);
    else if (isHash(value)) {
      for (const [key, item] of value) {
        size += textSize(key);
        add(item);
      }
    }
    return { size, depth: depth + 1 };
  }
}

const ONE: Size = { size: 1, depth: 0 };
