/**
 * What a YAML or JSON text is made of once it is read. Hashes are Maps: they keep the order of their keys, also of keys
 * that look like numbers, and no key is special (`__proto__`).
 */
export type Value = Scalar | readonly Value[] | Hash | Reference;
export type Scalar = null | boolean | number | bigint | Float | string;
export type Hash = ReadonlyMap<string, Value>;

/** A number that was written with a fraction or an exponent. As a text `1.0` stays "1.0" and `1.10` becomes "1.1", as in GitLab. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** `!reference [job, key, …]`. The compiler replaces it before a keyword is read. */
export class Reference {
  readonly path: readonly string[];

  constructor(path: readonly string[]) {
    this.path = path;
  }
}

export const isHash = (value: Value | undefined): value is Hash => value instanceof Map;

export const isList = (value: Value | undefined): value is readonly Value[] => Array.isArray(value);

/** Whether something else than null stands under `key`: null is as good as not given. */
export const isGiven = (hash: Hash, key: string): boolean => (hash.get(key) ?? null) !== null;
