/**
 * A token says what it is for and is signed, so that a forged one is refused before any object is called:
 * `<prefix><signature><payload>`, as in `glrt-<32 characters>r_default_12_1_3fa2`. The payload is the kind's letter,
 * the queue, the numbers, and which secret signed it. The signature comes first because runners take the first eight
 * characters for a short name; its 24 bytes fill 32 characters of base64url exactly, so no bit is left to alter.
 */
import { Buffer } from "node:buffer";
import { createHash, createHmac, createSecretKey } from "node:crypto";
import type { KeyObject } from "node:crypto";

export type TokenClaims =
  | {
      readonly kind: "runner";
      readonly queue: string;
      readonly id: number;
      readonly epoch: number;
      /** Today's registration issues `glrt-`, both older ways none. */
      readonly prefix: "" | "glrt-";
    }
  | { readonly kind: "build"; readonly queue: string; readonly id: number; readonly attempt: number }
  | { readonly kind: "project"; readonly queue: string; readonly id: number; readonly epoch: number }
  | {
      /** Lets one attempt of a dependant download the artifacts of the build `id`, and nothing else. */
      readonly kind: "download";
      readonly queue: string;
      readonly id: number;
      readonly dependant: number;
      /** The dependant's. */
      readonly attempt: number;
    };

/** So many tokens that were found genuine are remembered: a runner shows the same one with each patch. */
const MAX_REMEMBERED = 1000;

const SIGNATURE_BYTES = 24;
const KEY_ID_BYTES = 2;

const ID = String.raw`[1-9]\d{0,15}`;
const NUMBERS = String.raw`(?<id>${ID})(?:_(?<dependant>${ID}))?_(?<count>0|[1-9]\d{0,9})`;
const PAYLOAD = `(?<kind>[rbpd])_(?<queue>[a-z0-9]{1,40})_${NUMBERS}_(?<keyId>[0-9a-f]{4})`;

/** Every part is bounded, so that a text of any length is refused within its first 150 characters. */
const TOKEN = new RegExp(String.raw`^(?<prefix>(?:glrt-)?)(?<signature>[\w-]{32})(?<payload>${PAYLOAD})$`);

const MAX_COUNT = 2 ** 31;

interface SigningKey {
  readonly id: string;
  readonly key: KeyObject;
}

interface Verified {
  readonly claims: TokenClaims;
  /** A previous secret has signed it. */
  readonly isOld: boolean;
}

/** Signs and verifies with the current secret, and still accepts what the previous one signed. */
export class TokenKeys {
  readonly #current: SigningKey;
  readonly #all: readonly SigningKey[];
  /** Only what was signed is in here, so finding a text tells nobody more than verifying it does. */
  readonly #genuine = new Map<string, Verified>();

  private constructor(current: SigningKey, previous: readonly SigningKey[]) {
    this.#current = current;
    this.#all = [current, ...previous];
  }

  /** @param current must not be empty; an empty or equal previous one counts as none */
  static from(current: string, previous = ""): TokenKeys {
    const older = previous === "" || previous === current ? [] : [signingKey(previous)];
    return new TokenKeys(signingKey(current), older);
  }

  /** @throws RangeError for claims that `verify` would not take back: an odd queue name, a number out of its range */
  sign(claims: TokenClaims): string {
    return signWith(this.#current, claims);
  }

  /** The token under each secret, the current one's first: all of them are to be masked in logs. */
  signWithAll(claims: TokenClaims): string[] {
    return this.#all.map((key) => signWith(key, claims));
  }

  /** What a token says, or null for any text that none of the secrets has signed. */
  verify(token: string): TokenClaims | null {
    return this.#verified(token)?.claims ?? null;
  }

  /** Is this a genuine token that stops being one when the previous secret is taken away? */
  isOld(token: string): boolean {
    return this.#verified(token)?.isOld === true;
  }

  #verified(token: string): Verified | null {
    const known = this.#genuine.get(token);
    if (known !== undefined) return known;
    const verified = this.#check(token);
    if (verified === null) return null;
    if (this.#genuine.size >= MAX_REMEMBERED) this.#genuine.clear();
    this.#genuine.set(token, verified);
    return verified;
  }

  #check(token: string): Verified | null {
    const parsed = parse(token);
    if (parsed === null) return null;
    // Two secrets may share an id by chance, so each key of that id has its try.
    for (const signing of this.#all) {
      if (signing.id !== parsed.keyId) continue;
      const isGenuine = sameText(parsed.signature, signature(signing.key, parsed.signed));
      if (isGenuine) return { claims: parsed.claims, isOld: signing !== this.#current };
    }
    return null;
  }
}

/** Compares two texts in a time that tells nothing about where they differ. */
export const sameSecret = (a: string, b: string): boolean => {
  const digest = (text: string) => createHash("sha256").update(text).digest("base64url");
  return sameText(digest(a), digest(b));
};

const signingKey = (secret: string): SigningKey => {
  const key = createSecretKey(secret, "utf8");
  // No payload has a space, so this label is never what a token's signature covers.
  return { id: hmac(key, "signalbox key id").toString("hex", 0, KEY_ID_BYTES), key };
};

const signWith = ({ id, key }: SigningKey, claims: TokenClaims): string => {
  const prefix = claims.kind === "runner" ? claims.prefix : "";
  const payload = [...fields(claims), id].join("_");
  const token = `${prefix}${signature(key, prefix + payload)}${payload}`;
  if (parse(token) === null) throw new RangeError(`not to be signed: ${payload}`);
  return token;
};

const fields = (claims: TokenClaims): (string | number)[] => {
  switch (claims.kind) {
    case "runner":
      return ["r", claims.queue, claims.id, claims.epoch];
    case "build":
      return ["b", claims.queue, claims.id, claims.attempt];
    case "project":
      return ["p", claims.queue, claims.id, claims.epoch];
    case "download":
      return ["d", claims.queue, claims.id, claims.dependant, claims.attempt];
  }
};

interface ParsedToken {
  readonly claims: TokenClaims;
  readonly signature: string;
  /** The text that the signature covers. */
  readonly signed: string;
  readonly keyId: string;
}

const parse = (token: string): ParsedToken | null => {
  const groups = TOKEN.exec(token)?.groups;
  if (groups === undefined) return null;
  const { prefix = "", signature = "", payload = "", keyId = "" } = groups;
  const claims = claimsOf(groups);
  return claims && { claims, signature, signed: prefix + payload, keyId };
};

const claimsOf = (groups: Record<string, string | undefined>): TokenClaims | null => {
  const { prefix, kind, queue = "" } = groups;
  const id = Number(groups["id"]);
  const count = Number(groups["count"]);
  const dependant = groups["dependant"] === undefined ? null : Number(groups["dependant"]);
  if (!Number.isSafeInteger(id) || !Number.isSafeInteger(dependant ?? id) || count > MAX_COUNT) return null;
  if (dependant !== null) return kind === "d" ? { kind: "download", queue, id, dependant, attempt: count } : null;
  switch (kind) {
    case "r":
      return { kind: "runner", queue, id, epoch: count, prefix: prefix === "glrt-" ? prefix : "" };
    case "b":
      return { kind: "build", queue, id, attempt: count };
    case "p":
      return { kind: "project", queue, id, epoch: count };
    default:
      return null;
  }
};

/** Its first character is a letter, at the price of one bit: a token with a dash in front looks like a flag to a shell. */
const signature = (key: KeyObject, text: string): string => {
  const mac = hmac(key, text).subarray(0, SIGNATURE_BYTES);
  mac[0] = (mac[0] ?? 0) & 0x7f;
  return mac.toString("base64url");
};

const hmac = (key: KeyObject, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/** Looks at every character, whatever the first ones are. */
const sameText = (a: string, b: string): boolean => {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i += 1) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
};
